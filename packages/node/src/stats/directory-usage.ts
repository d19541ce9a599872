// What the files below a directory take up, counted as du(1) does: blocks, and each file with several names once. The
// walk gives way to others, because a volume may hold a million files.

import type { Dir, Dirent } from 'node:fs'
import { lstat, opendir } from 'node:fs/promises'
import { join } from 'node:path'

export interface DirectoryUsage {
  bytes: number
  inodes: number
}

const BLOCK_BYTES = 512
const MAX_DEPTH = 200

/** Stays on the directory's own file system. What goes while it is looked at is not counted. */
export async function directoryUsage(path: string): Promise<DirectoryUsage> {
  const usage = { bytes: 0, inodes: 0 }
  const root = await lstat(path).catch(() => undefined)
  if (root === undefined) return usage
  const linked = new Set<number>()
  const walk = async (dir: string, depth: number): Promise<void> => {
    const entries = await opendir(dir).catch(() => undefined)
    if (entries === undefined) return
    for await (const { name } of readable(entries)) {
      const file = await lstat(join(dir, name)).catch(() => undefined)
      if (file === undefined || file.dev !== root.dev) continue
      if (file.nlink > 1 && !file.isDirectory()) {
        if (linked.has(file.ino)) continue
        linked.add(file.ino)
      }
      usage.bytes += file.blocks * BLOCK_BYTES
      usage.inodes++
      if (file.isDirectory() && depth < MAX_DEPTH) await walk(join(dir, name), depth + 1)
    }
  }
  usage.bytes += root.blocks * BLOCK_BYTES
  usage.inodes++
  if (root.isDirectory()) await walk(path, 0)
  return usage
}

/** Ends where the disk does not give any more. */
async function* readable(entries: Dir): AsyncGenerator<Dirent> {
  try {
    for await (const entry of entries) yield entry
  } catch {
    // Removed while it was read, or damaged: the rest is not counted.
  }
}
