// Files that change together. The names that a container sees are links through `..data`, which is a link to a
// directory with all files of one moment: an update makes another directory and renames the link. The layout is that of
// the kubelet's atomic writer, on which programs that watch such volumes rely.

import { randomBytes } from 'node:crypto'
import {
  chmod,
  chown,
  mkdir,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  stat,
  symlink,
  unlink,
  writeFile,
} from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Clock } from '@brume/base/clock'
import { delay } from '@brume/client/backoff'
import type { Payload } from './payload.ts'

const DATA = '..data'
const NEW_DATA = '..data_tmp'
/** Who has followed the old link may still open a file: the old directory stays so long. */
const LINGER_MS = 50
const MAX_PATH_BYTES = 4096
const MAX_NAME_BYTES = 255

export interface WriteOptions {
  clock: Clock
  /** fsGroup: files belong to it and it can read them. */
  gid?: number | undefined
}

/** A path that would lead out of the volume, or cannot be a file's. */
export class PayloadPathError extends Error {
  override name = 'PayloadPathError'
}

/**
 * Makes `dir`, which must be there, show exactly these files. True when anything was written. After a kill in the
 * middle the next call clears up. Throws PayloadPathError, and errors of the file system, with the old files in place.
 */
export async function writePayload(dir: string, payload: Payload, options: WriteOptions): Promise<boolean> {
  for (const path of payload.keys()) checkPath(path)
  const current = await linkTarget(join(dir, DATA))
  if (current !== undefined && (await isSame(join(dir, current), payload, options.gid))) {
    await clearLeftovers(dir, current)
    await showFiles(dir, payload)
    return false
  }
  await clearLeftovers(dir, current)
  const name = `..${timestamp(options.clock.now())}.${randomBytes(4).toString('hex')}`
  try {
    await writeFiles(join(dir, name), payload, options.gid)
    await symlink(name, join(dir, NEW_DATA))
    await rename(join(dir, NEW_DATA), join(dir, DATA))
  } catch (error) {
    await clearLeftovers(dir, current)
    throw error
  }
  await showFiles(dir, payload)
  if (current !== undefined) {
    await delay(options.clock, LINGER_MS)
    await rm(join(dir, current), { recursive: true, force: true })
  }
  return true
}

function checkPath(path: string): void {
  const names = path.split('/')
  const refuse = (why: string) => {
    throw new PayloadPathError(`invalid path ${JSON.stringify(path)}: ${why}`)
  }
  if (path === '' || path.startsWith('/')) refuse('it must be relative')
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) refuse(`it has more than ${MAX_PATH_BYTES} bytes`)
  if (names.some((name) => name === '..' || name === '.' || name === ''))
    refuse('it has an empty part, "." or ".."')
  if (names[0]!.startsWith('..')) refuse('it must not start with ".."')
  if (names.some((name) => Buffer.byteLength(name) > MAX_NAME_BYTES)) {
    refuse(`a name has more than ${MAX_NAME_BYTES} bytes`)
  }
}

async function writeFiles(dir: string, payload: Payload, gid: number | undefined): Promise<void> {
  const dirs = new Set(['.'])
  for (const path of payload.keys()) {
    for (let parent = dirname(path); parent !== '.'; parent = dirname(parent)) dirs.add(parent)
  }
  // Parents first. The mode is set by itself: the process's umask would take away from it.
  for (const path of [...dirs].sort()) {
    const made = join(dir, path)
    await mkdir(made)
    if (gid !== undefined) await chown(made, 0, gid)
    await chmod(made, gid === undefined ? 0o755 : 0o2755)
  }
  for (const [path, { data, mode, uid }] of payload) {
    const file = join(dir, path)
    await writeFile(file, data, { mode: 0o600, flag: 'wx' })
    if (uid !== undefined || gid !== undefined) await chown(file, uid ?? 0, gid ?? 0)
    await chmod(file, modeOf(mode, gid))
  }
}

/** A group that owns a file can read it. */
function modeOf(mode: number, gid: number | undefined): number {
  return gid === undefined ? mode : mode | 0o440
}

async function isSame(dir: string, payload: Payload, gid: number | undefined): Promise<boolean> {
  try {
    const entries = await readdir(dir, { recursive: true, withFileTypes: true })
    const files = entries.filter((entry) => !entry.isDirectory())
    if (files.length !== payload.size) return false
    for (const [path, { data, mode, uid }] of payload) {
      const file = join(dir, path)
      const found = await stat(file)
      if (!found.isFile() || found.size !== data.length) return false
      if ((found.mode & 0o7777) !== modeOf(mode, gid)) return false
      if (uid !== undefined && found.uid !== uid) return false
      if (gid !== undefined && found.gid !== gid) return false
      if (!data.equals(await readFile(file))) return false
    }
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  }
}

/** Makes the links that are missing, and takes away those whose files went. */
async function showFiles(dir: string, payload: Payload): Promise<void> {
  const wanted = new Set([...payload.keys()].map((path) => path.split('/')[0]!))
  for (const { name, isLink } of await entriesOf(dir)) {
    // What else has one of these names is where another volume is mounted.
    if (name.startsWith('..') || wanted.delete(name) || !isLink) continue
    await unlink(join(dir, name))
  }
  for (const name of wanted) await symlink(`${DATA}/${name}`, join(dir, name))
}

/** Of an update that did not come to its end. */
async function clearLeftovers(dir: string, current: string | undefined): Promise<void> {
  for (const { name } of await entriesOf(dir)) {
    if (!name.startsWith('..') || name === DATA || name === current) continue
    await rm(join(dir, name), { recursive: true, force: true })
  }
}

async function entriesOf(dir: string): Promise<{ name: string; isLink: boolean }[]> {
  const entries = await readdir(dir, { withFileTypes: true })
  return entries.map((entry) => ({ name: entry.name, isLink: entry.isSymbolicLink() }))
}

async function linkTarget(path: string): Promise<string | undefined> {
  try {
    return await readlink(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** 2026_01_31_23_59_59 */
function timestamp(epochMs: number): string {
  return new Date(epochMs).toISOString().slice(0, 19).replace(/[-:T]/g, '_')
}
