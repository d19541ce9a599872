// Files that are there completely or not at all, also after a power loss.

import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
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

/**
 * Makes a folder (0700), and those above it, so that they survive a power loss. Returns when there is one already.
 * Step by step: Node's own recursive mkdir never returns where the system lets nobody make folders (/proc).
 */
export function makeFolderDurably(path: string): void {
  const parent = dirname(path)
  const isThere = existsSync(path)
  if (!isThere) {
    if (!existsSync(parent)) makeFolderDurably(parent)
    mkdirUnlessThere(path)
  }
  try {
    // Also of one that is there: who made it may have been killed before this.
    syncPath(parent)
  } catch (error) {
    if (!isThere || codeOf(error) !== 'EACCES') throw error
  }
}

function mkdirUnlessThere(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 })
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
  }
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code
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
