// Reading, writing and removing the kernel's control groups.

import { readdir, readFile, rmdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Clock } from '@brume/base/clock'
import { delay } from '@brume/client/backoff'
import { type CgroupValues, CPU_PERIOD, cpuWeight, sharesOfWeight } from './cgroup-config.ts'
import type { Hierarchy } from './hierarchies.ts'

/** What a pod's group hands on to its containers' on v2. */
const CONTROLLERS = ['cpu', 'cpuset', 'memory', 'pids', 'io', 'hugetlb']
/** A group is busy until the kernel has reaped its last process. */
const REMOVE_TRIES = 100
const REMOVE_WAIT_MS = 50

/** Only what the hierarchy's controllers are for. */
export async function writeValues(hierarchy: Hierarchy, dir: string, values: CgroupValues): Promise<void> {
  const has = (name: string) => hierarchy.controllers.includes(name)
  for (const [controller, file, value] of hierarchy.version === 1 ? filesOfOne(values) : filesOfTwo(values)) {
    if (has(controller)) await writeFile(join(dir, file), String(value))
  }
}

type FileValue = readonly [controller: string, file: string, value: string | number]

function filesOfOne({ cpuShares, cpuQuotaMicros, memoryBytes }: CgroupValues): FileValue[] {
  const files: FileValue[] = []
  if (cpuShares !== undefined) files.push(['cpu', 'cpu.shares', cpuShares])
  if (cpuQuotaMicros !== undefined) {
    files.push(['cpu', 'cpu.cfs_period_us', CPU_PERIOD], ['cpu', 'cpu.cfs_quota_us', cpuQuotaMicros])
  }
  if (memoryBytes !== undefined) files.push(['memory', 'memory.limit_in_bytes', memoryBytes])
  return files
}

function filesOfTwo({ cpuShares, cpuQuotaMicros, memoryBytes }: CgroupValues): FileValue[] {
  const files: FileValue[] = []
  if (cpuShares !== undefined) files.push(['cpu', 'cpu.weight', cpuWeight(cpuShares)])
  if (cpuQuotaMicros !== undefined) files.push(['cpu', 'cpu.max', `${orMax(cpuQuotaMicros)} ${CPU_PERIOD}`])
  if (memoryBytes !== undefined) files.push(['memory', 'memory.max', orMax(memoryBytes)])
  return files
}

/** undefined: the group has just gone. */
export async function readShares({ version }: Hierarchy, dir: string): Promise<number | undefined> {
  const file = version === 1 ? 'cpu.shares' : 'cpu.weight'
  const text = await readFile(join(dir, file), 'utf8').catch(ignore('ENOENT', 'ENODEV'))
  if (text === undefined) return undefined
  return version === 1 ? Number(text) : sharesOfWeight(Number(text))
}

/** On v1 a new group has neither CPUs nor memory nodes, and takes no process, until it is told which. */
export async function inheritCpuset(dir: string): Promise<void> {
  for (const file of ['cpuset.cpus', 'cpuset.mems']) {
    const own = await readFile(join(dir, file), 'utf8')
    if (own.trim() === '') await writeFile(join(dir, file), await readFile(join(dirname(dir), file)))
  }
}

/** On v2 the group's children may have the controllers that the group itself has. One that is refused is left out. */
export async function delegateControllers(dir: string): Promise<void> {
  const has = (await readFile(join(dir, 'cgroup.controllers'), 'utf8')).trim().split(' ')
  const given = (await readFile(join(dir, 'cgroup.subtree_control'), 'utf8')).trim().split(' ')
  for (const name of CONTROLLERS) {
    if (!has.includes(name) || given.includes(name)) continue
    await writeFile(join(dir, 'cgroup.subtree_control'), `+${name}`).catch(
      ignore('EBUSY', 'EINVAL', 'ENOTSUP'),
    )
  }
}

/** Kills what runs in the group and below, then removes it. Idempotent; false: it was not there. */
export async function removeTree(dir: string, clock: Clock): Promise<boolean> {
  const children = await childrenOf(dir)
  if (children === undefined) return false
  await thaw(dir)
  for (const child of children) await removeTree(join(dir, child), clock)
  for (let tries = 0; ; tries++) {
    await kill(dir)
    try {
      await rmdir(dir)
      return true
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'ENOENT') return true
      if (code !== 'EBUSY' || tries === REMOVE_TRIES) throw error
    }
    await delay(clock, REMOVE_WAIT_MS)
  }
}

/** Names of the groups directly below; undefined: there is no such group. */
export async function childrenOf(dir: string): Promise<string[] | undefined> {
  try {
    const entries = await readdir(dir, { withFileTypes: true })
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)
  } catch (error) {
    ignore('ENOENT')(error)
    return undefined
  }
}

/** A frozen process does not even die. */
async function thaw(dir: string): Promise<void> {
  const none = ignore('ENOENT', 'ENODEV')
  await writeFile(join(dir, 'freezer.state'), 'THAWED', { flag: 'r+' }).catch(none)
  await writeFile(join(dir, 'cgroup.freeze'), '0', { flag: 'r+' }).catch(none)
}

async function kill(dir: string): Promise<void> {
  const text = await readFile(join(dir, 'cgroup.procs'), 'utf8').catch(ignore('ENOENT', 'ENODEV'))
  for (const pid of (text ?? '').split('\n').map(Number)) {
    // 0 stands for a process of another pid namespace; to kill 0 would be to kill ourselves.
    if (pid <= 1) continue
    try {
      process.kill(pid, 'SIGKILL')
    } catch (error) {
      ignore('ESRCH')(error)
    }
  }
}

function orMax(value: number): string {
  return value < 0 ? 'max' : String(value)
}

function ignore(...codes: string[]): (error: unknown) => undefined {
  return (error) => {
    if (!codes.includes((error as NodeJS.ErrnoException).code ?? '')) throw error
  }
}
