// Walking down a directory whose owner may change it meanwhile, without ever following a link out of it. Each step is
// opened without following links, relative to the step before (through /proc/self/fd), and held open.

import { constants } from 'node:fs'
import { type FileHandle, mkdir, open, realpath } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'

/** O_PATH of Linux, the same on all architectures that Node runs on: a handle that names a file without opening it. */
const O_PATH = 0o10000000
const STEP = O_PATH | constants.O_NOFOLLOW

/** The path leads out of the directory, or was changed while it was looked at. */
export class UnsafePathError extends Error {
  override name = 'UnsafePathError'
}

/**
 * A handle of what `path` names below `root`, made as directories of `mode` where there is nothing. Links may lead to
 * another place within the root. Close the handle. Throws UnsafePathError and errors of the file system.
 */
export async function openBelow(root: string, path: string, mode: number): Promise<FileHandle> {
  const base = await realpath(root)
  const { existing, missing } = await existingPart(base, path)
  let handle = await walk(base, existing)
  try {
    for (const name of missing) handle = await makeStep(handle, name, mode)
    return handle
  } catch (error) {
    await handle.close()
    throw error
  }
}

/** Where a handle's file is to be reached by other programs as long as it is open. */
export function handlePath(handle: FileHandle): string {
  return `/proc/${process.pid}/fd/${handle.fd}`
}

/** The longest beginning of the path that is there, links resolved. */
async function existingPart(base: string, path: string): Promise<{ existing: string; missing: string[] }> {
  const names = path.split('/').filter((name) => name !== '' && name !== '.')
  if (names.includes('..')) throw new UnsafePathError(`${path} leads upwards`)
  for (let count = names.length; ; count--) {
    try {
      const found = await realpath(join(base, ...names.slice(0, count)))
      const below = relative(base, found)
      if (below === '..' || below.startsWith(`..${sep}`))
        throw new UnsafePathError(`${path} leads out of the volume`)
      return { existing: below, missing: names.slice(count) }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || count === 0) throw error
    }
  }
}

/** `path` has no links: one that is met has come in between. */
async function walk(base: string, path: string): Promise<FileHandle> {
  let handle = await open(base, STEP | constants.O_DIRECTORY)
  const names = path.split(sep).filter((name) => name !== '')
  for (const [i, name] of names.entries()) {
    handle = await step(handle, name, i < names.length - 1 ? STEP | constants.O_DIRECTORY : STEP)
  }
  return handle
}

/** Closes the handle that it starts from. */
async function step(from: FileHandle, name: string, flags: number): Promise<FileHandle> {
  try {
    const to = await open(join(handlePath(from), name), flags)
    if ((await to.stat()).isSymbolicLink()) {
      await to.close()
      throw new UnsafePathError(`${name} has become a link`)
    }
    return to
  } finally {
    await from.close()
  }
}

/** Makes one directory; leaves `from` open only when it throws. */
async function makeStep(from: FileHandle, name: string, mode: number): Promise<FileHandle> {
  const path = join(handlePath(from), name)
  await mkdir(path)
  const made = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_DIRECTORY)
  try {
    await made.chmod(mode)
  } catch (error) {
    await made.close()
    throw error
  }
  await from.close()
  return made
}
