// Key and certificate files: written whole or not at all, private ones readable by their owner alone.

import { open, readFile, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { makeFolderDurably } from '@brume/store/files'

/** What the operator can do about a file of the key directory; the message names the file and the way out. */
export class PkiError extends Error {
  override name = 'PkiError'
  readonly path: string
  readonly retryable = false

  constructor(path: string, what: string, wayOut: string, options?: { cause?: unknown }) {
    super(`${path} ${what}: ${wayOut}`, options)
    this.path = path
  }
}

/** undefined when there is no such file. */
export async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new PkiError(path, 'cannot be read', 'check its owner and permissions', { cause: error })
  }
}

/** Replaces `path` in one step; after a crash or a power loss it holds the old or the new text, never a part. */
export async function writeText(path: string, text: string, mode: number): Promise<void> {
  makeFolderDurably(dirname(path))
  const temporary = `${path}.${process.pid}.tmp`
  try {
    await rm(temporary, { force: true })
    const file = await open(temporary, 'wx', mode)
    try {
      await file.writeFile(text)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
    await syncDirectory(dirname(path))
  } catch (error) {
    await rm(temporary, { force: true })
    const wayOut = 'check the free space and permissions of its directory'
    throw new PkiError(path, 'cannot be written', wayOut, { cause: error })
  }
}

/** So that the new name survives a power loss: what was signed with a key must not outlive the key. */
async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}
