// A process is known by its id together with its start time: ids are given again, pairs are not.

import { readdirSync, readFileSync } from 'node:fs'

export interface ProcessId {
  pid: number
  /** Ticks after the machine's start: field 22 of proc(5)'s stat. */
  startTicks: string
}

/** undefined when no such process is there, or when it is a zombie. */
export function processId(pid: number): ProcessId | undefined {
  const fields = statFields(pid)
  if (fields === undefined || fields[0] === 'Z' || fields[0] === 'X') return undefined
  return { pid, startTicks: fields[19]! }
}

export function isSameProcess({ pid, startTicks }: ProcessId): boolean {
  return processId(pid)?.startTicks === startTicks
}

/** Sends a signal to this very process; false when it is gone. */
export function signalProcess(id: ProcessId, signal: NodeJS.Signals): boolean {
  if (!isSameProcess(id)) return false
  try {
    return process.kill(id.pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
    throw error
  }
}

/** The process's parent; undefined when it is gone. */
export function parentOf(pid: number): number | undefined {
  const parent = statFields(pid)?.[1]
  return parent === undefined ? undefined : Number(parent)
}

/** Whether it began a session of its own, as what is started detached does; false when it is gone. */
export function leadsSession(pid: number): boolean {
  return statFields(pid)?.[3] === String(pid)
}

/** All processes that can be seen. */
export function processIds(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
}

/** The fields after the name, which may itself hold blanks and parentheses. */
function statFields(pid: number): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ESRCH') return undefined
    throw error
  }
}
