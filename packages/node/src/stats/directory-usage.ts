// What the files below a directory take up, counted as du(1) does: blocks, and each file with several names once. The
// walk gives way to others, because a volume may hold a million files.

import { constants, type Dir, type Dirent } from 'node:fs'
import { lstat, open, opendir } from 'node:fs/promises'

export interface DirectoryUsage {
  bytes: number
  inodes: number
}

const BLOCK_BYTES = 512
/** The kernel takes 4095 bytes of a path: what lies deeper is reached from a directory that is held open. */
const LONG_BYTES = 2000
/** Some 60,000 directories within each other. */
const MAX_HELD = 64
const O_PATH = 0o10000000
const SEPARATOR = Buffer.from('/')

/**
 * Stays on the directory's own file system. What goes while it is looked at is not counted. Names are bytes: whoever wants
 * to hide a file does not name it by a text.
 */
export async function directoryUsage(path: string): Promise<DirectoryUsage> {
  const usage = { bytes: 0, inodes: 0 }
  const root = await lstat(path).catch(() => undefined)
  if (root === undefined) return usage
  const linked = new Set<number>()
  const walk = async (dir: Buffer, held: number): Promise<void> => {
    if (dir.length > LONG_BYTES) return within(dir, held, walk)
    const entries = await opendir(dir, { encoding: 'buffer' as BufferEncoding }).catch(() => undefined)
    if (entries === undefined) return
    for await (const { name } of readable(entries)) {
      const child = Buffer.concat([dir, SEPARATOR, name as unknown as Buffer])
      const file = await lstat(child).catch(() => undefined)
      if (file === undefined || file.dev !== root.dev) continue
      if (file.nlink > 1 && !file.isDirectory()) {
        if (linked.has(file.ino)) continue
        linked.add(file.ino)
      }
      usage.bytes += file.blocks * BLOCK_BYTES
      usage.inodes++
      if (file.isDirectory()) await walk(child, held)
    }
  }
  usage.bytes += root.blocks * BLOCK_BYTES
  usage.inodes++
  if (root.isDirectory()) await walk(Buffer.from(path), 0)
  return usage
}

/** Goes on below a short name of the directory. */
async function within(
  dir: Buffer,
  held: number,
  walk: (dir: Buffer, held: number) => Promise<void>,
): Promise<void> {
  if (held >= MAX_HELD) return
  const flags = O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW
  const handle = await open(dir, flags).catch(() => undefined)
  if (handle === undefined) return
  try {
    await walk(Buffer.from(`/proc/${process.pid}/fd/${handle.fd}`), held + 1)
  } finally {
    await handle.close()
  }
}

/** Ends where the disk does not give any more. */
async function* readable(entries: Dir): AsyncGenerator<Dirent> {
  try {
    for await (const entry of entries) yield entry
  } catch {
    // Removed while it was read, or damaged: the rest is not counted.
  }
}
