// The keys that go beside a backup: read on the machine of the control plane alone, as no key ever goes over the network.

import { existsSync, readFileSync, statSync } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { KEY_FILES, type KeyFiles, passphraseOf, writeKeyBundle } from '@brume/base/key-bundle'
import { CommandError } from './command.ts'

const LEAST_PASSPHRASE = 12
const READABLE_BY_OTHERS = 0o077

export type FoundKeys = { files: KeyFiles } | { missing: string }

/** `ca`: of the cloud that the backup is of, PEM; the keys of another one are of no use. */
export function keysOf(dataDir: string, ca: string | undefined): FoundKeys {
  const own = textOf(join(dataDir, 'pki/ca.crt'))
  if (own === undefined) return { missing: `no data directory that can be read is at ${dataDir}` }
  if (ca?.trim() !== own.trim()) return { missing: `${dataDir} is another cloud's` }
  const files: KeyFiles = {}
  for (const name of KEY_FILES) {
    const text = textOf(join(dataDir, name))
    if (text === undefined) return { missing: `${join(dataDir, name)} cannot be read` }
    files[name] = text
  }
  return { files }
}

const SECRET_KEYS = 'encryption-keys.json'

/**
 * The later ones, and keys of Secrets that were there before alone: a rotation may have dropped them while the copy was
 * under way, which still needs them.
 */
export function withEarlierKeys(later: KeyFiles, earlier: KeyFiles): KeyFiles {
  const listed = [later, earlier].flatMap((files) => keysIn(files[SECRET_KEYS]))
  const all = [...new Map(listed.map((key) => [key.id, key])).values()]
  if (all.length === keysIn(later[SECRET_KEYS]).length) return later
  return { ...later, [SECRET_KEYS]: `${JSON.stringify({ keys: all }, null, 2)}\n` }
}

function keysIn(text = '{"keys":[]}'): { id: string }[] {
  return JSON.parse(text).keys
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

/** Throws CommandError. */
export function passphraseIn(file: string): string {
  const next = `head -c 24 /dev/urandom | base64 > ${file} && chmod 600 ${file}   (and keep it elsewhere too)`
  if (!existsSync(file)) throw new CommandError(`${file} does not exist`, next)
  if ((statSync(file).mode & READABLE_BY_OTHERS) !== 0)
    throw new CommandError(`others can read the passphrase in ${file}`, `chmod 600 ${file}`)
  const passphrase = passphraseOf(readFileSync(file, 'utf8'))
  if (passphrase.length < LEAST_PASSPHRASE)
    throw new CommandError(`the passphrase in ${file} has fewer than ${LEAST_PASSPHRASE} characters`, next)
  return passphrase
}

/** Appears under its name when it is complete, for its owner alone; never replaces another. */
export async function saveKeys(path: string, files: KeyFiles, passphrase: string | undefined): Promise<void> {
  const partial = `${path}.${process.pid}.partial`
  const file = await open(partial, 'wx', 0o600)
  try {
    await file.writeFile(writeKeyBundle(files, passphrase))
    await file.sync()
    await file.close()
    await rename(partial, path)
  } catch (error) {
    await file.close()
    await rm(partial, { force: true })
    throw error
  }
}
