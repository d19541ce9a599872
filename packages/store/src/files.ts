// Files that are there completely or not at all, also after a power loss.

import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

/** Replaces `file`, readable by its owner only. */
export function writeFileDurably(file: string, text: string): void {
  const partial = `${file}.partial`
  // A file of that name may have been left by a crash, or laid by others with rights of its own.
  rmSync(partial, { force: true })
  writeFileSync(partial, text, { mode: 0o600, flag: 'wx', flush: true })
  renameDurably(partial, file)
}

/** Renames, and makes that survive a power loss. Both are in one directory. */
export function renameDurably(from: string, to: string): void {
  renameSync(from, to)
  syncPath(dirname(to))
}

/** Flushes a file, or the names of a directory. Not for a database that is open (see sqlite/connection.ts). */
export function syncPath(path: string): void {
  const descriptor = openSync(path, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
