// Placement in sentences: why here, or why nowhere and what would change it. The first part of a refusal is Kubernetes'
// own wording, which tools look for.

import { formatQuantity } from '@brume/base/quantity'
import type { Filtered } from './filter.ts'
import type { Placed } from './place.ts'
import type { PodInfo } from './pod-info.ts'
import { FITS, RESOURCES, TOO_LARGE } from './reasons.ts'
import type { Snapshot } from './snapshot.ts'

/** Remedies beyond these would only hide the most useful ones. */
const MAX_REMEDIES = 3

/** The Event's text. */
export function scheduledMessage({ pod, node }: Pick<Placed, 'pod' | 'node'>): string {
  return `Successfully assigned ${pod.namespace}/${pod.name} to ${node}`
}

/** One sentence for `brume explain`. */
export function explainPlacement(placed: Placed): string {
  const { pod, node } = placed
  return `${pod.namespace}/${pod.name} is on ${node}: ${placementReason(placed)}.`
}

/** The part of the sentence that says why. */
export function placementReason(placed: Placed): string {
  const { pod, candidates, nodes, overcommit } = placed
  const asked = pod.group === undefined ? '' : ` of group ${pod.group}`
  const fit = candidates === 1 ? `the only node${asked} of ${nodes} that fits` : chosen(placed, asked)
  const promise =
    overcommit === undefined
      ? ''
      : `; the node promises ${overcommit.nodePercent}% of its CPU, and group ${placed.group} ${overcommit.groupPercent}%`
  return `${fit}${promise}`
}

/** `0/3 nodes are available: ... preemption: ...`, then what would change it. */
export function refusalMessage(
  { pod, filtered }: { pod: PodInfo; filtered: Filtered },
  snapshot: Snapshot,
  preemption: string,
): string {
  if (snapshot.nodeCount === 0) return 'no nodes available to schedule pods'
  const { wait } = filtered
  const before = wait?.wait ?? histogram(reasonsOf({ pod, filtered }, snapshot))
  const after = preemption === '' ? '' : ` preemption: ${preemption}`
  const remedies = wait === undefined ? remediesOf({ pod, filtered }, snapshot) : [wait.remedy]
  const change = remedies.length === 0 ? '' : ` To place it: ${remedies.join('; or ')}.`
  return `0/${snapshot.nodeCount} nodes are available: ${before}.${after}${change}`
}

/** `1 Insufficient cpu, 2 node(s) were unschedulable`. */
export function histogram(reasons: ReadonlyMap<string, number>): string {
  return [...reasons]
    .map(([text, count]) => `${count} ${text}`)
    .sort()
    .join(', ')
}

/** What a node lacks, in Kubernetes' words. */
export function lacks({ requests }: PodInfo, snapshot: Snapshot, index: number): string[] {
  const reasons: string[] = []
  if (snapshot.resources.podCount[index]! + 1 > snapshot.resources.podLimit[index]!)
    reasons.push('Too many pods')
  const strict = snapshot.nodes[index]?.strict !== false
  for (const [resource, amount] of requests) {
    const { allocatable, requested } = snapshot.resources.column(resource)
    if (resource === 'cpu' && !strict && allocatable[index]! > 0) continue
    if (allocatable[index]! - requested[index]! < amount) reasons.push(`Insufficient ${resource}`)
  }
  return reasons
}

/** An amount as people write it: 1500 of cpu is `1500m`. */
export function amountText(resource: string, amount: number): string {
  const scale = resource === 'cpu' ? -3 : 0
  const binary = resource === 'memory' || resource === 'ephemeral-storage'
  const format = binary ? 'BinarySI' : 'DecimalSI'
  return formatQuantity({ unscaled: BigInt(Math.max(0, Math.floor(amount))), scale, format, text: undefined })
}

function chosen({ pod, candidates, nodes, kin, fullPercent }: Placed, asked: string): string {
  const of = `of the ${candidates} nodes${asked} that fit (of ${nodes})`
  if (pod.placement === 'spread') return `${of}, it has the fewest pods of the same kind (${kin})`
  if (pod.placement === 'pack') return `${of}, it is the fullest (${fullPercent}%)`
  return `${of}, it scores best, and is ${fullPercent}% full`
}

function reasonsOf(
  { pod, filtered: { codes } }: { pod: PodInfo; filtered: Filtered },
  snapshot: Snapshot,
): Map<string, number> {
  const reasons = new Map<string, number>()
  const count = (text: string) => reasons.set(text, (reasons.get(text) ?? 0) + 1)
  for (const node of snapshot.nodes) {
    if (node === undefined) continue
    const code = codes[node.index]!
    if (code === RESOURCES || code === TOO_LARGE) lacks(pod, snapshot, node.index).forEach(count)
    else if (code !== FITS) count(snapshot.reasons.get(code).text)
  }
  return reasons
}

/** Of the reasons that keep most nodes away, first. */
function remediesOf(
  { pod, filtered: { codes } }: { pod: PodInfo; filtered: Filtered },
  snapshot: Snapshot,
): string[] {
  const counts = new Map<string, number>()
  let lacking = 0
  for (const node of snapshot.nodes) {
    if (node === undefined) continue
    const code = codes[node.index]!
    if (code === RESOURCES || code === TOO_LARGE) lacking++
    else if (code !== FITS) {
      const { remedy } = snapshot.reasons.get(code)
      if (remedy !== '') counts.set(remedy, (counts.get(remedy) ?? 0) + 1)
    }
  }
  if (lacking > 0) counts.set(roomRemedy(pod, snapshot, codes), lacking)
  return [...counts]
    .sort((a, b) => b[1] - a[1])
    .slice(0, MAX_REMEDIES)
    .map(([remedy]) => remedy)
}

/** How much less would do, on the node that comes nearest. */
function roomRemedy({ requests }: PodInfo, snapshot: Snapshot, codes: Uint16Array): string {
  const lower: string[] = []
  for (const [resource, amount] of requests) {
    const { allocatable, requested } = snapshot.resources.column(resource)
    let most = 0
    let isShort = false
    for (const node of snapshot.nodes) {
      const code = node === undefined ? FITS : codes[node.index]!
      if (node === undefined || (code !== RESOURCES && code !== TOO_LARGE)) continue
      if (resource === 'cpu' && !node.strict) continue
      const free = allocatable[node.index]! - requested[node.index]!
      most = Math.max(most, free)
      if (free < amount) isShort = true
    }
    if (isShort && most < amount)
      lower.push(
        `${resource} (asked for ${amountText(resource, amount)}, at most ${amountText(resource, most)} is free on a node)`,
      )
  }
  return lower.length === 0
    ? 'free room on a node or add one'
    : `ask for less ${lower.join(' and ')}, or add a node`
}
