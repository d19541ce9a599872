// Who would have to go so that a more important pod can come: as few and as unimportant pods as possible, of those that
// no disruption budget protects, if there is a choice. (Kubernetes' DefaultPreemption.)

import type { KubeObject } from '@brume/api/object'
import { fromStructured } from '@brume/api/selectors/structured'
import { histogram, lacks } from './explain.ts'
import { type Filtered, filterNodes } from './filter.ts'
import type { NodeEntry } from './node-entry.ts'
import type { PodInfo } from './pod-info.ts'
import { RESOURCES, TOO_LARGE } from './reasons.ts'
import type { Snapshot } from './snapshot.ts'

export interface Victims {
  readonly node: string
  /** The most important first. */
  readonly pods: readonly PodInfo[]
  /** Of them, those that a budget protects. */
  readonly violations: number
}

/** Why nobody is told to go, as it follows `preemption: `. */
export interface NoVictims {
  readonly node: undefined
  readonly message: string
}

/** Nodes with victims that are compared: a tenth of all, but at least this many. */
const MIN_CANDIDATES = 100
const PRIORITY_OFFSET = 2 ** 31

/** `budgets` are PodDisruptionBudgets. The snapshot is the same afterwards. */
export function findVictims(
  { pod, filtered }: { pod: PodInfo; filtered: Filtered },
  snapshot: Snapshot,
  budgets: readonly KubeObject[],
): Victims | NoVictims {
  const barred = whyNotEligible(pod, snapshot, filtered)
  if (barred !== undefined) return { node: undefined, message: barred }
  const limit = Math.max(MIN_CANDIDATES, Math.ceil(snapshot.nodeCount / 10))
  const found: Victims[] = []
  const reasons = new Map<string, number>()
  const count = (text: string) => reasons.set(text, (reasons.get(text) ?? 0) + 1)
  for (const node of snapshot.nodes) {
    if (node === undefined) continue
    const { preemptable } = snapshot.reasons.get(filtered.codes[node.index]!)
    if (filtered.wait !== undefined || !preemptable) {
      count('Preemption is not helpful for scheduling')
      continue
    }
    const outcome = victimsOn(node, pod, { snapshot, budgets })
    if ('pods' in outcome) found.push(outcome)
    else outcome.reasons.forEach(count)
    if (found.length >= limit) break
  }
  const chosen = found.sort(cheapestFirst)[0]
  if (chosen !== undefined) return chosen
  return { node: undefined, message: `0/${snapshot.nodeCount} nodes are available: ${histogram(reasons)}.` }
}

function whyNotEligible(
  { pod, priority }: PodInfo,
  snapshot: Snapshot,
  filtered: Filtered,
): string | undefined {
  if (pod['spec'].preemptionPolicy === 'Never') return 'not eligible due to preemptionPolicy=Never.'
  const nominated = snapshot.node(pod['status']?.nominatedNodeName ?? '')
  if (nominated === undefined || !snapshot.reasons.get(filtered.codes[nominated.index]!).preemptable)
    return undefined
  const isLeaving = [...nominated.pods.values()].some(
    (other) => other.terminating && other.priority < priority,
  )
  return isLeaving ? 'not eligible due to a terminating pod on the nominated node.' : undefined
}

/** All less important pods go, then come back one after another, the most important first, while the pod still fits. */
function victimsOn(
  node: NodeEntry,
  pod: PodInfo,
  { snapshot, budgets }: { snapshot: Snapshot; budgets: readonly KubeObject[] },
): Victims | { reasons: string[] } {
  const lower = [...node.pods.values()].filter(({ priority }) => priority < pod.priority).sort(importantFirst)
  if (lower.length === 0) return { reasons: ['No preemption victims found for incoming pod'] }
  for (const { uid } of lower) snapshot.removePod(uid)
  const gone = new Set(lower)
  try {
    const without = filterNodes(pod, snapshot, node.index)
    if (without.candidates.length === 0)
      return { reasons: reasonsOn(pod, snapshot, { node, filtered: without }) }
    const { violating, others } = splitByBudget(lower, budgets)
    const victims: PodInfo[] = []
    let violations = 0
    for (const candidate of [...violating, ...others]) {
      snapshot.putPod(candidate, node.name)
      gone.delete(candidate)
      if (filterNodes(pod, snapshot, node.index).candidates.length > 0) continue
      snapshot.removePod(candidate.uid)
      gone.add(candidate)
      victims.push(candidate)
      if (violating.includes(candidate)) violations++
    }
    return { node: node.name, pods: victims.sort(importantFirst), violations }
  } finally {
    for (const info of gone) snapshot.putPod(info, node.name)
  }
}

function reasonsOn(
  pod: PodInfo,
  snapshot: Snapshot,
  { node, filtered }: { node: NodeEntry; filtered: Filtered },
): string[] {
  const code = filtered.codes[node.index]!
  if (code === RESOURCES || code === TOO_LARGE) return lacks(pod, snapshot, node.index)
  return [snapshot.reasons.get(code).text]
}

/** Each budget is spent on the most important pods first. */
function splitByBudget(
  pods: readonly PodInfo[],
  budgets: readonly KubeObject[],
): { violating: PodInfo[]; others: PodInfo[] } {
  const limits = budgets.map((budget) => ({
    namespace: budget.metadata.namespace,
    selector: fromStructured(budget['spec']?.selector),
    disrupted: budget['status']?.disruptedPods ?? {},
    left: budget['status']?.disruptionsAllowed ?? 0,
  }))
  const violating: PodInfo[] = []
  const others: PodInfo[] = []
  for (const pod of pods) {
    let isViolating = false
    for (const limit of Object.keys(pod.labels).length === 0 ? [] : limits) {
      if (limit.namespace !== pod.namespace || limit.selector.empty || !limit.selector.matches(pod.labels))
        continue
      if (Object.hasOwn(limit.disrupted, pod.name)) continue
      limit.left--
      if (limit.left < 0) isViolating = true
    }
    if (isViolating) violating.push(pod)
    else others.push(pod)
  }
  return { violating, others }
}

/** Higher priority, then running for longer. */
function importantFirst(a: PodInfo, b: PodInfo): number {
  if (a.priority !== b.priority) return b.priority - a.priority
  return startOf(a) < startOf(b) ? -1 : startOf(a) > startOf(b) ? 1 : 0
}

function cheapestFirst(a: Victims, b: Victims): number {
  if (a.violations !== b.violations) return a.violations - b.violations
  const highest = (of: Victims) => of.pods[0]?.priority ?? Number.NEGATIVE_INFINITY
  if (highest(a) !== highest(b)) return highest(a) - highest(b)
  const sum = (of: Victims) => of.pods.reduce((total, { priority }) => total + priority + PRIORITY_OFFSET, 0)
  if (sum(a) !== sum(b)) return sum(a) - sum(b)
  if (a.pods.length !== b.pods.length) return a.pods.length - b.pods.length
  // The one whose most important victims have run for the shortest time.
  const since = (of: Victims) =>
    of.pods
      .filter(({ priority }) => priority === highest(of))
      .reduce((first, pod) => (startOf(pod) < first ? startOf(pod) : first), '9')
  return since(a) > since(b) ? -1 : since(a) < since(b) ? 1 : 0
}

function startOf({ pod }: PodInfo): string {
  return pod['status']?.startTime ?? pod.metadata.creationTimestamp ?? ''
}
