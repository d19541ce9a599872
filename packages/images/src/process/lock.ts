// One process at a time in a directory: a file that names the process which made it.

import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { ImageError } from '../image-error.ts'

const LIMIT_MS = 10 * 60_000
const RETRY_MS = 50

/** Runs `work` alone in the directory among all processes that ask. What a dead process left is taken over. */
export async function locked<T>(directory: string, work: () => Promise<T>): Promise<T> {
  await mkdir(directory, { recursive: true })
  const path = join(directory, 'lock')
  const end = Date.now() + LIMIT_MS
  while (!take(path)) {
    if (Date.now() > end)
      throw new ImageError(
        `${path} has been held for ${LIMIT_MS / 60_000} minutes by process ${holder(path)}`,
      )
    await wait(RETRY_MS)
  }
  try {
    return await work()
  } finally {
    rmSync(path, { force: true })
  }
}

function take(path: string): boolean {
  try {
    writeFileSync(path, String(process.pid), { flag: 'wx' })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    const pid = holder(path)
    // 0: just made, or just let go.
    if (pid > 0 && !isAlive(pid)) rmSync(path, { force: true })
    return false
  }
}

function holder(path: string): number {
  try {
    return Number(readFileSync(path, 'utf8')) || 0
  } catch {
    return 0
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
