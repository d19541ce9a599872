// What a node can run short of, and from when on it has. Names and defaults are the kubelet's (Kubernetes'
// documentation, "Node-pressure Eviction"); it has no default for processes, we do. Pure.

import type { FsUsage, NodeUsage } from '../stats/node-usage.ts'

export const SIGNALS = [
  'memory.available',
  'nodefs.available',
  'nodefs.inodesFree',
  'imagefs.available',
  'imagefs.inodesFree',
  'pid.available',
] as const

export type Signal = (typeof SIGNALS)[number]

export function isSignal(text: string): text is Signal {
  return (SIGNALS as readonly string[]).includes(text)
}

/** What of the pods is looked at, and how Kubernetes names it in messages. */
export type Resource = 'memory' | 'ephemeral-storage' | 'inodes' | 'pids'

export type PressureKind = 'memory' | 'disk' | 'pid'

export interface Threshold {
  signal: Signal
  /** An amount, or a share of the capacity. */
  least: { amount: number } | { share: number }
  /** Soft: it may be missed for so long before a pod has to go. */
  graceMs?: number
}

export interface Observation {
  available: number
  capacity: number
}

/** A threshold that is not kept. */
export interface Shortage extends Observation {
  signal: Signal
  resource: Resource
  kind: PressureKind
  least: number
  /** Of a soft threshold. */
  graceMs?: number
}

const MI = 1024 * 1024

export const HARD_THRESHOLDS: readonly Threshold[] = [
  { signal: 'memory.available', least: { amount: 100 * MI } },
  { signal: 'nodefs.available', least: { share: 0.1 } },
  { signal: 'nodefs.inodesFree', least: { share: 0.05 } },
  { signal: 'imagefs.available', least: { share: 0.15 } },
  { signal: 'imagefs.inodesFree', least: { share: 0.05 } },
  { signal: 'pid.available', least: { share: 0.05 } },
]

const MEANING: Readonly<Record<Signal, { resource: Resource; kind: PressureKind }>> = {
  'memory.available': { resource: 'memory', kind: 'memory' },
  'nodefs.available': { resource: 'ephemeral-storage', kind: 'disk' },
  'nodefs.inodesFree': { resource: 'inodes', kind: 'disk' },
  'imagefs.available': { resource: 'ephemeral-storage', kind: 'disk' },
  'imagefs.inodesFree': { resource: 'inodes', kind: 'disk' },
  'pid.available': { resource: 'pids', kind: 'pid' },
}

export interface Observed {
  node: Pick<NodeUsage, 'memoryCapacityBytes' | 'workingSetBytes' | 'maxProcesses' | 'processes'>
  nodeFs: FsUsage
  imageFs: FsUsage
}

export function observe({ node, nodeFs, imageFs }: Observed): Record<Signal, Observation> {
  const disk = ({ availableBytes, capacityBytes }: FsUsage) => ({
    available: availableBytes,
    capacity: capacityBytes,
  })
  const inodes = (fs: FsUsage) => ({ available: fs.inodesFree, capacity: fs.inodes })
  return {
    'memory.available': {
      available: Math.max(0, node.memoryCapacityBytes - node.workingSetBytes),
      capacity: node.memoryCapacityBytes,
    },
    'nodefs.available': disk(nodeFs),
    'nodefs.inodesFree': inodes(nodeFs),
    'imagefs.available': disk(imageFs),
    'imagefs.inodesFree': inodes(imageFs),
    'pid.available': { available: node.maxProcesses - node.processes, capacity: node.maxProcesses },
  }
}

/** The most urgent first: memory kills at once, the others do not; of one kind, hard thresholds before soft ones. */
export function shortages(
  observations: Readonly<Record<Signal, Observation>>,
  thresholds: readonly Threshold[] = HARD_THRESHOLDS,
): Shortage[] {
  const found = thresholds.flatMap(({ signal, least, graceMs }): Shortage[] => {
    const { available, capacity } = observations[signal]
    const wanted = 'amount' in least ? least.amount : Math.floor(least.share * capacity)
    // A file system without a number of inodes (Btrfs) has no shortage of them.
    if (capacity === 0 || available >= wanted) return []
    const soft = graceMs === undefined ? {} : { graceMs }
    return [{ signal, available, capacity, least: wanted, ...soft, ...MEANING[signal] }]
  })
  const softness = ({ graceMs }: Shortage) => Number(graceMs !== undefined)
  return found.sort(
    (a, b) => Number(b.kind === 'memory') - Number(a.kind === 'memory') || softness(a) - softness(b),
  )
}

/** For the node's condition: `imagefs.available is 12Gi, less than 15Gi`. */
export function shortageText({ signal, resource, available, least }: Shortage): string {
  return `${signal} is ${amountText(resource, available)}, less than ${amountText(resource, least)}`
}

/** Bytes with the largest binary unit that leaves something to read; counts as they are. */
export function amountText(resource: Resource, amount: number): string {
  if (resource === 'inodes' || resource === 'pids') return String(Math.floor(amount))
  for (const [unit, bytes] of [
    ['Gi', MI * 1024],
    ['Mi', MI],
    ['Ki', 1024],
  ] as const) {
    if (amount >= 10 * bytes) return `${Math.floor(amount / bytes)}${unit}`
  }
  return String(Math.floor(amount))
}

/** Shortages by threshold, and since when (by a clock that nobody sets). */
export type Since = ReadonlyMap<string, number>

/** Since when each shortage has lasted, after a look at `now`: those that are over are forgotten. */
export function sinceAfter(since: Since, found: readonly Shortage[], now: number): Since {
  return new Map(found.map((shortage) => [keyOf(shortage), since.get(keyOf(shortage)) ?? now]))
}

/** Those for which a pod has to go now. */
export function overdue(found: readonly Shortage[], since: Since, now: number): Shortage[] {
  return found.filter((shortage) => now - (since.get(keyOf(shortage)) ?? now) >= (shortage.graceMs ?? 0))
}

function keyOf({ signal, graceMs }: Shortage): string {
  return `${signal} ${graceMs ?? ''}`
}
