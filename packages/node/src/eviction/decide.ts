// Which pod goes when the node runs short, and which because it has more on the disk than it may. Pure. Order and words
// are the kubelet's: pods over their requests first, then by priority, then by how far they are over.

import { podLimits } from '@brume/api/quota/pod-resources'
import { quantityValue } from '@brume/base/quantity'
import type { ContainerSpec, Pod } from '../contract.ts'
import { containerRequest, type PodUsage, requestOf, usedOf } from './pod-usage.ts'
import { amountText, type PressureKind, type Shortage, type Signal } from './signals.ts'

export interface Eviction {
  pod: Pod
  message: string
  /** For metrics: what it was evicted for. */
  signal: Signal | 'emptydirfs.limit' | 'ephemeralpodfs.limit' | 'ephemeralcontainerfs.limit'
}

/** When each kind of pressure was last seen: a condition stays for a while, lest pods come back at once. */
export type PressureSeen = Readonly<Partial<Record<PressureKind, { atMs: number; text: string }>>>

/** The kubelet's evictionPressureTransitionPeriod. */
export const PRESSURE_STAYS_MS = 5 * 60_000
const SYSTEM_CRITICAL_PRIORITY = 2_000_000_000

/** What is known of pressure after a look, with the sentence of the latest shortage of each kind. */
export function pressureAfter(
  seen: PressureSeen,
  found: readonly { kind: PressureKind; text: string }[],
  now: number,
): PressureSeen {
  const next: Partial<Record<PressureKind, { atMs: number; text: string }>> = {}
  for (const kind of ['memory', 'disk', 'pid'] as const) {
    const current = found.find((one) => one.kind === kind)
    const before = seen[kind]
    if (current !== undefined) next[kind] = { atMs: now, text: current.text }
    // A clock that was set back does not make pressure last.
    else if (before !== undefined && Math.abs(now - before.atMs) < PRESSURE_STAYS_MS) next[kind] = before
  }
  return next
}

/** Pods that the node itself cannot do without. */
export function isCritical({ spec, metadata }: Pod): boolean {
  if ((spec.priority ?? 0) >= SYSTEM_CRITICAL_PRIORITY) return true
  return metadata.annotations?.['kubernetes.io/config.source'] === 'file'
}

/** The one pod to go; undefined: none may. */
export function decideEviction(shortage: Shortage, pods: readonly PodUsage[]): Eviction | undefined {
  const [first] = ranked(
    shortage,
    pods.filter(({ pod }) => !isCritical(pod)),
  )
  if (first === undefined) return undefined
  return { pod: first.pod, signal: shortage.signal, message: evictionMessage(shortage, first) }
}

export function ranked({ resource }: Shortage, pods: readonly PodUsage[]): PodUsage[] {
  const overOf = (usage: PodUsage) => usedOf(usage, resource) - requestOf(usage.pod, resource)
  const priorityOf = ({ pod }: PodUsage): number => pod['spec'].priority ?? 0
  return [...pods].sort((a, b) => {
    const [x, y] = [overOf(a), overOf(b)]
    const exceeds = resource === 'pids' ? 0 : Number(y > 0) - Number(x > 0)
    return exceeds || priorityOf(a) - priorityOf(b) || y - x
  })
}

function evictionMessage({ resource, least, available }: Shortage, { pod, containers }: PodUsage): string {
  let message =
    `The node was low on resource: ${resource}. ` +
    `Threshold quantity: ${amountText(resource, least)}, available: ${amountText(resource, available)}. `
  if (resource !== 'memory' && resource !== 'ephemeral-storage') return message
  const specs: ContainerSpec[] = pod['spec'].containers
  for (const { name, memoryBytes, diskBytes } of containers) {
    const spec = specs.find((container) => container.name === name)
    const used = resource === 'memory' ? memoryBytes : diskBytes
    const request = spec === undefined ? '0' : containerRequest(spec, resource)
    if (used <= quantityValue(request)) continue
    const usage = amountText(resource, used)
    message += `Container ${name} was using ${usage}, request is ${request}, has larger consumption of ${resource}. `
  }
  return message
}

/** Pods that have more on the node's disk than they themselves say, one reason each. */
export function decideLimits(pods: readonly PodUsage[]): Eviction[] {
  return pods.flatMap((usage) => {
    const eviction = emptyDirOver(usage) ?? podOver(usage) ?? containerOver(usage)
    return eviction === undefined || isCritical(usage.pod) ? [] : [eviction]
  })
}

/** Whether anything of this pod has to be measured for its limits. */
export function hasDiskLimits({ spec }: Pod): boolean {
  const volumes: { emptyDir?: { sizeLimit?: string } }[] = spec.volumes ?? []
  const containers: ContainerSpec[] = spec.containers ?? []
  return (
    volumes.some(({ emptyDir }) => emptyDir?.sizeLimit !== undefined) ||
    containers.some((container) => diskLimit(container) !== undefined)
  )
}

function emptyDirOver({ pod, volumes }: PodUsage): Eviction | undefined {
  const specs: { name: string; emptyDir?: { sizeLimit?: string } }[] = pod['spec'].volumes ?? []
  for (const { name, emptyDir } of specs) {
    const limit = emptyDir?.sizeLimit
    if (limit === undefined || quantityValue(limit) <= 0) continue
    if ((volumes.get(name)?.bytes ?? 0) <= quantityValue(limit)) continue
    const message = `Usage of EmptyDir volume ${JSON.stringify(name)} exceeds the limit ${JSON.stringify(limit)}. `
    return { pod, message, signal: 'emptydirfs.limit' }
  }
  return undefined
}

function podOver(usage: PodUsage): Eviction | undefined {
  const limit = podLimits(usage.pod)['ephemeral-storage']
  if (limit === undefined || usedOf(usage, 'ephemeral-storage') <= quantityValue(limit)) return undefined
  const message = `Pod ephemeral local storage usage exceeds the total limit of containers ${limit}. `
  return { pod: usage.pod, message, signal: 'ephemeralpodfs.limit' }
}

function containerOver({ pod, containers }: PodUsage): Eviction | undefined {
  const specs: ContainerSpec[] = pod['spec'].containers ?? []
  for (const { name, diskBytes } of containers) {
    const spec = specs.find((container) => container.name === name)
    const limit = spec === undefined ? undefined : diskLimit(spec)
    if (limit === undefined || diskBytes <= quantityValue(limit)) continue
    const message = `Container ${name} exceeded its local ephemeral storage limit ${JSON.stringify(limit)}. `
    return { pod, message, signal: 'ephemeralcontainerfs.limit' }
  }
  return undefined
}

function diskLimit(container: ContainerSpec): string | undefined {
  const limit: string | undefined = container['resources']?.limits?.['ephemeral-storage']
  return limit === undefined || quantityValue(limit) === 0 ? undefined : limit
}
