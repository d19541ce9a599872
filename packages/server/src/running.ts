// Who runs on a data directory.

import { readFileSync } from 'node:fs'
import type { DataDir } from './data-dir.ts'
import { writeAtomically } from './write-atomically.ts'

export interface Running {
  pid: number
  url: string
}

/** The control plane that runs on `dir`, if its process is alive and is Brume's. */
export function runningIn(dir: DataDir): Running | undefined {
  let running: Running
  try {
    running = JSON.parse(readFileSync(dir.running, 'utf8'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' || error instanceof SyntaxError) return undefined
    throw error
  }
  return Number.isSafeInteger(running.pid) && isBrume(running.pid) ? running : undefined
}

/** This process does. */
export function writeRunning(dir: DataDir, url: string): void {
  writeAtomically(dir.running, `${JSON.stringify({ pid: process.pid, url } satisfies Running)}\n`)
}

/** A process id may have been given to another program since. */
function isBrume(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
      .split('\0')
      .some((argument) => argument.endsWith('server/src/main.ts'))
  } catch {
    return false
  }
}
