// CPU time and memory of processes, as the kernel counts them (proc(5)). All threads of a process count.

import { readFileSync } from 'node:fs'

/** Linux' USER_HZ: fixed for user space. */
const TICKS_PER_SECOND = 100
const UTIME = 11
const STIME = 12

export function cpuSeconds(pids: readonly number[]): number {
  return sum(pids, (pid) => {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name, in brackets, may hold spaces; the third field comes after it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return (Number(fields[UTIME]) + Number(fields[STIME])) / TICKS_PER_SECOND
  })
}

export function residentMib(pids: readonly number[]): number {
  return sum(pids, (pid) => {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) / 1024
  })
}

const sum = (pids: readonly number[], of: (pid: number) => number) =>
  pids.reduce((total, pid) => total + of(pid), 0)
