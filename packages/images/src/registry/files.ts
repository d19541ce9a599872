// Files that are there whole or not at all.

import { randomUUID } from 'node:crypto'
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Beside the target, flushed, then renamed. */
export async function writeWhole(path: string, bytes: Buffer | string): Promise<void> {
  const partial = `${path}.${randomUUID()}.partial`
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const file = await open(partial, 'wx', 0o600)
  try {
    await file.writeFile(bytes)
    await file.sync()
  } catch (error) {
    await rm(partial, { force: true })
    throw error
  } finally {
    await file.close()
  }
  await rename(partial, path)
  await syncDirectory(dirname(path))
}

/** So that new names survive a power cut. */
export async function syncDirectory(path: string): Promise<void> {
  await using directory = await open(path, 'r')
  await directory.sync()
}

/** undefined: there is none. */
export async function statOrNone(path: string): Promise<{ size: number; mtimeMs: number } | undefined> {
  return stat(path).catch(noneWhenMissing)
}

/** Names in a directory, sorted; none when it does not exist. Half-written ones are not there. */
export async function namesIn(path: string): Promise<string[]> {
  const names = (await readdir(path).catch(noneWhenMissing)) ?? []
  return names.filter((name) => !name.endsWith('.partial')).sort()
}

export function noneWhenMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined
  throw error
}
