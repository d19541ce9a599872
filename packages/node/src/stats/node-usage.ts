// What the whole machine uses: /proc and statfs(2).

import { readFileSync } from 'node:fs'
import { statfs } from 'node:fs/promises'

export interface FsUsage {
  capacityBytes: number
  /** For processes without root's reserve. */
  availableBytes: number
  usedBytes: number
  inodes: number
  inodesFree: number
}

export interface NodeUsage {
  cpuNanos: number
  memoryCapacityBytes: number
  memoryBytes: number
  /**
   * What cannot be given to somebody else, as the kernel estimates it. The kubelet takes inactive file pages alone for
   * free, and so runs short on machines that only cache a lot.
   */
  workingSetBytes: number
  rssBytes: number
  pageFaults: number
  majorPageFaults: number
  swapTotalBytes: number
  swapFreeBytes: number
  maxProcesses: number
  processes: number
  /** Milliseconds since the epoch. */
  bootedAtMs: number
}

const NANOS_PER_TICK = 10_000_000

export function readNodeUsage(): NodeUsage {
  const stat = readFileSync('/proc/stat', 'utf8')
  const memory = parseMeminfo(readFileSync('/proc/meminfo', 'utf8'))
  const faults = readFileSync('/proc/vmstat', 'utf8')
  const of = (name: string) => memory[name] ?? 0
  const memoryBytes = of('MemTotal') - of('MemFree')
  return {
    cpuNanos: busyTicks(stat) * NANOS_PER_TICK,
    memoryCapacityBytes: of('MemTotal'),
    memoryBytes,
    workingSetBytes: Math.max(0, of('MemTotal') - of('MemAvailable')),
    rssBytes: of('AnonPages'),
    pageFaults: Number(/^pgfault (\d+)$/m.exec(faults)?.[1] ?? 0),
    majorPageFaults: Number(/^pgmajfault (\d+)$/m.exec(faults)?.[1] ?? 0),
    swapTotalBytes: of('SwapTotal'),
    swapFreeBytes: of('SwapFree'),
    maxProcesses: maxProcesses(),
    processes: Number(/\/(\d+) /.exec(readFileSync('/proc/loadavg', 'utf8'))?.[1] ?? 0),
    bootedAtMs: Number(/^btime (\d+)$/m.exec(stat)?.[1] ?? 0) * 1000,
  }
}

export async function readFsUsage(path: string): Promise<FsUsage> {
  const { bsize, blocks, bfree, bavail, files, ffree } = await statfs(path)
  return {
    capacityBytes: blocks * bsize,
    availableBytes: bavail * bsize,
    usedBytes: (blocks - bfree) * bsize,
    inodes: files,
    inodesFree: ffree,
  }
}

/** Names to bytes. */
export function parseMeminfo(text: string): Record<string, number> {
  const found = [...text.matchAll(/^(\S+):\s+(\d+) kB$/gm)]
  return Object.fromEntries(found.map(([, name, kb]) => [name, Number(kb) * 1024]))
}

/** The first line of /proc/stat without idle and waiting for disks; guests count as user already. */
export function busyTicks(stat: string): number {
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = (
    /^cpu +(.*)$/m.exec(stat)?.[1] ?? ''
  )
    .split(' ')
    .map(Number)
  return user + nice + system + irq + softirq + steal
}

/** Processes are bounded by both. */
function maxProcesses(): number {
  const of = (name: string) => Number(readFileSync(`/proc/sys/kernel/${name}`, 'utf8'))
  return Math.min(of('pid_max'), of('threads-max'))
}
