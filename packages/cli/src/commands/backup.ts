// `brume backup`: a consistent copy of the cloud's state while it runs, whole or not at all.

import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { EXIT_OK } from '@brume/base/command-line'
import { keysBeside } from '@brume/base/key-bundle'
import { headerOf, type TransportResponse } from '@brume/client/transport'
import { keysOf, passphraseIn, saveKeys, withEarlierKeys } from '../backup-keys.ts'
import { CONNECTION_OPTIONS, type Command, CommandError, dataDirOf, type Output } from '../command.ts'
import { connect } from '../connect.ts'

/** The server copies its whole store before it answers. */
const ANSWER_TIMEOUT_MS = 30 * 60_000
const PROGRESS_BYTES = 8 * 1024 * 1024

export const backup: Command = {
  spec: {
    name: 'backup',
    usage: '[FILE]',
    summary: "Save the cloud's whole state to a file, while it runs",
    details: `FILE defaults to brume-<time>.backup in the current directory; it must not exist. Secrets in it are encrypted.
On the machine of the control plane FILE.keys is written too: the key of these Secrets, and the keys that make a restored
cloud the same one. Keep it as you keep a password, not beside the backup, or protect it with a passphrase.
Put both back with: ./brume restore FILE`,
    options: [
      ...CONNECTION_OPTIONS,
      {
        name: 'passphrase-file',
        value: 'FILE',
        help: 'Protect the keys with the passphrase in its first line',
      },
      { name: 'without-keys', help: 'The state alone' },
    ],
    maxArguments: 1,
  },
  async run(parsed, io) {
    const path = parsed.words[0] ?? defaultName(io.clock.now())
    for (const taken of [path, keysBeside(path)]) {
      if (existsSync(taken)) throw new CommandError(`${taken} exists already`, './brume backup ANOTHER-FILE')
    }
    const { options } = parsed
    const secret = options['passphrase-file']
    const passphrase = secret === undefined ? undefined : passphraseIn(secret)
    const { client, connection } = connect(parsed, io, { answerTimeoutMs: ANSWER_TIMEOUT_MS })
    const dataDir = dataDirOf(options)
    try {
      const earlier = keysOf(dataDir, connection.caPem)
      const response = await client.call({ method: 'GET', path: '/backup', accept: '*/*' })
      const { bytes, sha256 } = await save(response, path, io.err)
      const revision = headerOf(response, 'x-brume-revision') ?? 'unknown'
      io.out.write(`backup: ${path}\nverified: ${bytes} bytes, revision ${revision}, sha256 ${sha256}\n`)
      if (options['without-keys'] !== undefined) return EXIT_OK
      // After the copy: what a rotation of the key meanwhile has made is there too.
      const found = keysOf(dataDir, connection.caPem)
      if ('missing' in found) {
        const next =
          'run this on the machine of the control plane, or keep its encryption-keys.json and pki/ yourself'
        io.err.write(`warning: without its keys, as ${found.missing}. Next: ${next}\n`)
        return EXIT_OK
      }
      const files = 'files' in earlier ? withEarlierKeys(found.files, earlier.files) : found.files
      await saveKeys(keysBeside(path), files, passphrase)
      const how =
        passphrase === undefined ? 'open to whoever reads it: keep it apart from the backup' : 'protected'
      io.out.write(`keys: ${keysBeside(path)} (${how})\n`)
      return EXIT_OK
    } finally {
      client.transport.close()
    }
  },
}

interface Saved {
  bytes: number
  sha256: string
}

/** Writes beside the target, flushes, and renames: the name never leads to half a backup. */
async function save(response: TransportResponse, path: string, progress: Output): Promise<Saved> {
  const expected = Number(headerOf(response, 'content-length') ?? Number.NaN)
  const partial = `${path}.${process.pid}.partial`
  const file = await open(partial, 'wx', 0o600).catch((cause) => {
    throw new CommandError(`cannot write ${partial}: ${cause.code}`, './brume backup /another/place/FILE', {
      cause,
    })
  })
  try {
    const saved = await copy(response, file, progress, expected)
    if (!Number.isNaN(expected) && saved.bytes !== expected) {
      throw new CommandError(`got ${saved.bytes} bytes of ${expected}`, `./brume backup ${path}`)
    }
    if (saved.bytes === 0) throw new CommandError('the server sent an empty backup', './brume status')
    await file.sync()
    await file.close()
    await rename(partial, path)
    await syncDirectory(dirname(path))
    return saved
  } catch (error) {
    await file.close()
    await rm(partial, { force: true })
    throw error
  }
}

async function copy(
  response: TransportResponse,
  file: FileHandle,
  progress: Output,
  expected: number,
): Promise<Saved> {
  const hash = createHash('sha256')
  let bytes = 0
  let shown = 0
  for await (const chunk of response.body) {
    await file.writeFile(chunk)
    hash.update(chunk)
    bytes += chunk.length
    if (!progress.isTerminal || bytes - shown < PROGRESS_BYTES) continue
    shown = bytes
    const percent = Number.isNaN(expected) ? '' : ` (${Math.floor((100 * bytes) / expected)} %)`
    progress.write(`\r${(bytes / 1e6).toFixed(0)} MB${percent}`)
  }
  if (shown > 0) progress.write('\r')
  return { bytes, sha256: hash.digest('hex') }
}

/** So that the new name survives a power cut. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}

function defaultName(now: number): string {
  return `brume-${new Date(now).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z.backup`
}
