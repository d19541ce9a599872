// What this machine is, as data for the checks. Reading changes nothing, and needs no program that may be missing.

import { accessSync, constants, existsSync, readdirSync, readFileSync, statfsSync } from 'node:fs'
import { arch, release, totalmem } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { type Capability, hasCapability } from './capabilities.ts'
import { type Distribution, readDistribution } from './distribution.ts'
import { type Mount, mounts } from './mounts.ts'
import { listeningPorts } from './ports.ts'

export interface MachineFacts {
  root: boolean
  architecture: string
  kernel: string
  distribution: Distribution
  memoryBytes: number
  nowMs: number
  capabilities: Readonly<Record<Capability, boolean>>
  /** Names below /proc/self/ns. */
  namespaces: readonly string[]
  seccomp: boolean
  /** /proc/sys can be written to: not so in a container without privileges. */
  sysctlsWritable: boolean
  cgroups: CgroupFacts
  disk: DiskFacts
  /** TCP ports that someone listens on. */
  busyPorts: readonly number[]
  /** Names of processes that look after containers. */
  otherRuntimes: readonly string[]
  maxOpenFiles: number
  inotifyInstances: number
}

export interface CgroupFacts {
  /** 0: none is mounted. Hybrid machines count as 1: there the controllers are. */
  version: 0 | 1 | 2
  controllers: readonly string[]
  writable: boolean
}

export interface DiskFacts {
  /** Absolute. */
  dataDir: string
  /** The data directory, or what of its path exists. */
  path: string
  type: string
  freeBytes: number
  /** Infinity where the file system makes them as needed. */
  freeFiles: number
  options: readonly string[]
}

const RUNTIMES = ['kubelet', 'k3s-server', 'k3s-agent', 'dockerd', 'containerd', 'crio']

export function observeMachine(dataDir: string): MachineFacts {
  const all = mounts()
  return {
    root: process.getuid?.() === 0,
    architecture: arch(),
    kernel: release(),
    distribution: readDistribution(),
    memoryBytes: totalmem(),
    nowMs: Date.now(),
    capabilities: {
      CAP_NET_ADMIN: hasCapability('CAP_NET_ADMIN'),
      CAP_SYS_ADMIN: hasCapability('CAP_SYS_ADMIN'),
      CAP_SYS_RESOURCE: hasCapability('CAP_SYS_RESOURCE'),
    },
    namespaces: namesIn('/proc/self/ns'),
    seccomp: existsSync('/proc/sys/kernel/seccomp'),
    sysctlsWritable: isWritable('/proc/sys/net/ipv4/ip_forward'),
    cgroups: cgroupFacts(all),
    disk: diskFacts(dataDir, all),
    busyPorts: listeningPorts(),
    otherRuntimes: otherRuntimes(),
    maxOpenFiles: maxOpenFiles(),
    inotifyInstances: Number(read('/proc/sys/fs/inotify/max_user_instances') || Infinity),
  }
}

/** Of one process, as far as it may raise it itself. */
export function maxOpenFiles(): number {
  const [, hard] = /^Max open files\s+\S+\s+(\d+)/m.exec(read('/proc/self/limits')) ?? []
  return Number(hard ?? Infinity)
}

export function cgroupFacts(all: readonly Mount[]): CgroupFacts {
  const one = all.filter(({ type }) => type === 'cgroup')
  const two = all.find(({ type }) => type === 'cgroup2')
  const legacy = one.flatMap(({ options }) => options).filter((name) => CONTROLLERS.has(name))
  if (legacy.length > 0) {
    const writable = one.every(({ path }) => isWritable(path))
    return { version: 1, controllers: [...new Set(legacy)], writable }
  }
  if (two === undefined) return { version: 0, controllers: [], writable: false }
  const controllers = read(join(two.path, 'cgroup.controllers')).trim().split(' ').filter(Boolean)
  return { version: 2, controllers, writable: isWritable(two.path) }
}

const CONTROLLERS = new Set(['cpu', 'cpuacct', 'cpuset', 'memory', 'devices', 'freezer', 'blkio', 'pids'])

function diskFacts(dataDir: string, all: readonly Mount[]): DiskFacts {
  let path = resolve(dataDir)
  while (!existsSync(path)) path = dirname(path)
  const { bavail, bsize, files, ffree } = statfsSync(path)
  const holding = all
    .filter((mount) => mount.path === '/' || path === mount.path || path.startsWith(`${mount.path}/`))
    .reduce((a, b) => (b.path.length >= a.path.length ? b : a))
  return {
    dataDir: resolve(dataDir),
    path,
    type: holding.type,
    freeBytes: bavail * bsize,
    freeFiles: files === 0 ? Infinity : ffree,
    options: holding.options,
  }
}

/** But no cloud's own containerd: that one was started with a file of its data directory. */
function otherRuntimes(): string[] {
  const found = namesIn('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => !read(`/proc/${pid}/cmdline`).includes('/node/containerd/config.toml'))
    .map((pid) => read(`/proc/${pid}/comm`).trim())
  return RUNTIMES.filter((name) => found.includes(name))
}

function namesIn(dir: string): string[] {
  return existsSync(dir) ? readdirSync(dir) : []
}

/** '' for what is not there, or has just gone. */
function read(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK)
    return true
  } catch {
    return false
  }
}
