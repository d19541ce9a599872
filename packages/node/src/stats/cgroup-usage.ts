// What a control group has used, from the files of either version of control groups.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Hierarchy } from '../containers/hierarchies.ts'

export interface CgroupUsage {
  cpuNanos: number
  cpuUserNanos: number
  cpuSystemNanos: number
  /** Of the CPU limit: periods, those in which the group was held back, and for how long in all. */
  periods: number
  throttledPeriods: number
  throttledNanos: number
  memoryBytes: number
  /** What cannot be taken away under pressure without harm: usage without inactive file pages, as the kubelet counts. */
  workingSetBytes: number
  rssBytes: number
  cacheBytes: number
  mappedFileBytes: number
  swapBytes: number
  maxMemoryBytes: number
  /** undefined: none. */
  memoryLimitBytes: number | undefined
  memoryFailures: number
  pageFaults: number
  majorPageFaults: number
  processes: number
}

/** USER_HZ, in which v1 tells user and system time; 100 on every platform that Node runs on. */
const NANOS_PER_TICK = 10_000_000
/** v1's way of saying that there is no limit: the largest multiple of a page, whatever its size. */
const NO_LIMIT = 2 ** 62

/** `path` below each hierarchy's mount point. undefined: there is no such group (any more). */
export function readCgroupUsage(hierarchies: readonly Hierarchy[], path: string): CgroupUsage | undefined {
  const dirOf = (controller: string) => {
    const found = hierarchies.find(({ controllers }) => controllers.includes(controller))
    return found === undefined ? undefined : { version: found.version, dir: join(found.path, path) }
  }
  const memory = dirOf('memory')
  if (memory === undefined) return undefined
  const isV2 = memory.version === 2
  const memoryUsage = isV2 ? memoryV2(memory.dir) : memoryV1(memory.dir)
  const cpu = isV2 ? cpuV2(memory.dir) : cpuV1(dirOf('cpuacct')?.dir, dirOf('cpu')?.dir)
  if (memoryUsage === undefined || cpu === undefined) return undefined
  const pids = dirOf('pids')
  const processes = pids === undefined ? 0 : (numberIn(join(pids.dir, 'pids.current')) ?? 0)
  return { ...cpu, ...memoryUsage, processes }
}

/** Processes directly in the group; none when it is gone. */
export function processesIn(hierarchies: readonly Hierarchy[], path: string): number[] {
  for (const { path: mount, controllers, version } of hierarchies) {
    if (version === 1 && !controllers.includes('memory')) continue
    const text = textOf(join(mount, path, 'cgroup.procs'))
    if (text !== undefined && text !== '') return text.trim().split('\n').map(Number)
  }
  return []
}

function memoryV1(dir: string) {
  const memoryBytes = numberIn(join(dir, 'memory.usage_in_bytes'))
  if (memoryBytes === undefined) return undefined
  const stat = tableIn(join(dir, 'memory.stat'))
  const limit = numberIn(join(dir, 'memory.limit_in_bytes'))
  return {
    memoryBytes,
    workingSetBytes: Math.max(0, memoryBytes - (stat['total_inactive_file'] ?? 0)),
    rssBytes: stat['total_rss'] ?? 0,
    cacheBytes: stat['total_cache'] ?? 0,
    mappedFileBytes: stat['total_mapped_file'] ?? 0,
    swapBytes: stat['total_swap'] ?? 0,
    maxMemoryBytes: numberIn(join(dir, 'memory.max_usage_in_bytes')) ?? 0,
    memoryLimitBytes: limit === undefined || limit >= NO_LIMIT ? undefined : limit,
    memoryFailures: numberIn(join(dir, 'memory.failcnt')) ?? 0,
    pageFaults: stat['total_pgfault'] ?? 0,
    majorPageFaults: stat['total_pgmajfault'] ?? 0,
  }
}

function memoryV2(dir: string) {
  const memoryBytes = numberIn(join(dir, 'memory.current'))
  if (memoryBytes === undefined) return undefined
  const stat = tableIn(join(dir, 'memory.stat'))
  return {
    memoryBytes,
    workingSetBytes: Math.max(0, memoryBytes - (stat['inactive_file'] ?? 0)),
    rssBytes: stat['anon'] ?? 0,
    cacheBytes: stat['file'] ?? 0,
    mappedFileBytes: stat['file_mapped'] ?? 0,
    swapBytes: numberIn(join(dir, 'memory.swap.current')) ?? 0,
    maxMemoryBytes: numberIn(join(dir, 'memory.peak')) ?? 0,
    // "max" is no number.
    memoryLimitBytes: numberIn(join(dir, 'memory.max')),
    memoryFailures: tableIn(join(dir, 'memory.events'))['max'] ?? 0,
    pageFaults: stat['pgfault'] ?? 0,
    majorPageFaults: stat['pgmajfault'] ?? 0,
  }
}

function cpuV1(cpuacct: string | undefined, cpu: string | undefined) {
  const cpuNanos = cpuacct === undefined ? undefined : numberIn(join(cpuacct, 'cpuacct.usage'))
  if (cpuacct === undefined || cpuNanos === undefined) return undefined
  const ticks = tableIn(join(cpuacct, 'cpuacct.stat'))
  const stat = cpu === undefined ? {} : tableIn(join(cpu, 'cpu.stat'))
  return {
    cpuNanos,
    cpuUserNanos: (ticks['user'] ?? 0) * NANOS_PER_TICK,
    cpuSystemNanos: (ticks['system'] ?? 0) * NANOS_PER_TICK,
    periods: stat['nr_periods'] ?? 0,
    throttledPeriods: stat['nr_throttled'] ?? 0,
    throttledNanos: stat['throttled_time'] ?? 0,
  }
}

function cpuV2(dir: string) {
  const stat = tableIn(join(dir, 'cpu.stat'))
  if (stat['usage_usec'] === undefined) return undefined
  return {
    cpuNanos: stat['usage_usec'] * 1000,
    cpuUserNanos: (stat['user_usec'] ?? 0) * 1000,
    cpuSystemNanos: (stat['system_usec'] ?? 0) * 1000,
    periods: stat['nr_periods'] ?? 0,
    throttledPeriods: stat['nr_throttled'] ?? 0,
    throttledNanos: (stat['throttled_usec'] ?? 0) * 1000,
  }
}

/** Lines of `name number`. */
function tableIn(path: string): Record<string, number> {
  const table: Record<string, number> = {}
  for (const line of (textOf(path) ?? '').split('\n')) {
    const space = line.indexOf(' ')
    if (space > 0) table[line.slice(0, space)] = Number(line.slice(space + 1))
  }
  return table
}

function numberIn(path: string): number | undefined {
  const text = textOf(path)?.trim()
  return text === undefined || !/^\d+$/.test(text) ? undefined : Number(text)
}

/** undefined: it is not there, or went while it was read (ENODEV). */
function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
