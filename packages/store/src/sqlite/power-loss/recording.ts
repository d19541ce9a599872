// Runs a program that ends by itself, cleanly or killed, and records what it asks of its files.

import { spawnSync } from 'node:child_process'
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { assert } from '@brume/base/assert'
import { tempDirs } from '../../temp-dir.ts'
import { readTrace, STRACE, type Step } from './trace.ts'

const STANDARD_OUTPUT = 1

/** Why a test that needs a recording cannot run here; false: it can. */
export const skip =
  spawnSync('strace', ['-o', '/dev/null', 'true']).status === 0 ? false : 'no strace may run here'

/** Nothing of this has to outlive a real power loss: in memory, where there is such a file system, an fsync costs nothing. */
export function memoryDirs(): () => string {
  return tempDirs(existsSync('/dev/shm') ? '/dev/shm' : tmpdir())
}

export interface Recording {
  argv: readonly string[]
  /** What is below is played. */
  root: string
  /** Of the recorder itself. */
  workDir: string
  /** The exit status or signal that the program must end with. */
  ends: number | NodeJS.Signals
  /** Every fsync begins this much later, so that more is under way when the program is killed. */
  syncDelayMs?: number
}

/** The steps of a program under strace. */
export function record({ argv, root, workDir, ends, syncDelayMs = 0 }: Recording): Step[] {
  const trace = join(workDir, 'trace')
  // A file takes every line whole, as a pipe might not.
  const output = openSync(join(workDir, 'output'), 'w')
  const [strace, ...args] = STRACE
  const delay = syncDelayMs > 0 ? ['-e', `inject=fsync,fdatasync:delay_enter=${syncDelayMs * 1_000}`] : []
  const ended = spawnSync(strace, [...args, ...delay, '-o', trace, ...argv], {
    stdio: ['ignore', output, 'pipe'],
    encoding: 'utf8',
  })
  closeSync(output)
  const how = ended.signal ?? ended.status
  assert(how === ends, `the recorded program ended with ${how}: ${ended.stderr}`)
  return readTrace(readFileSync(trace, 'utf8'), root)
}

/** Splits what was written to standard output into lines, as they are complete. */
export function lineReader(onLine: (line: string) => void): (descriptor: number, bytes: Buffer) => void {
  let rest = ''
  return (descriptor, bytes) => {
    if (descriptor !== STANDARD_OUTPUT) return
    const lines = (rest + bytes.toString()).split('\n')
    rest = lines.pop()!
    for (const line of lines) onLine(line)
  }
}
