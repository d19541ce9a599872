// Topology spread constraints (KEP-895, 3022, 3094, 3243): how unevenly a pod's kin may lie over domains.

import { type PodMatcher, podMatcher } from './affinity-terms.ts'
import type { Json, PodInfo } from './pod-info.ts'
import { FITS, SPREAD, SPREAD_LABEL } from './reasons.ts'
import type { Snapshot } from './snapshot.ts'
import type { StaticClass } from './static-class.ts'
import { NO_DOMAIN, type Topology } from './topology.ts'

export interface SpreadConstraint {
  topologyKey: string
  maxSkew: number
  minDomains: number
  /** Nodes that the pod's selector and affinity exclude do not count. */
  honorAffinity: boolean
  /** Nodes whose taints the pod does not tolerate do not count. */
  honorTaints: boolean
  matcher: PodMatcher
  /** 1 when the pod is its own kin. */
  self: 0 | 1
}

interface Domains {
  constraint: SpreadConstraint
  topology: Topology
  counts: Float64Array
  /** Domains with a node that counts. */
  present: Uint8Array
}

export function spreadConstraintsOf(
  { pod, namespace, labels }: PodInfo,
  whenUnsatisfiable: 'DoNotSchedule' | 'ScheduleAnyway',
): SpreadConstraint[] {
  const all: Json[] = pod['spec'].topologySpreadConstraints ?? []
  return all
    .filter((constraint) => constraint.whenUnsatisfiable === whenUnsatisfiable)
    .map((constraint) => {
      const labelSelector = withOwnLabels(constraint, labels)
      const matcher = podMatcher({ labelSelector, namespaces: [namespace] })
      return {
        topologyKey: constraint.topologyKey,
        maxSkew: constraint.maxSkew,
        minDomains: constraint.minDomains ?? 1,
        honorAffinity: constraint.nodeAffinityPolicy !== 'Ignore',
        honorTaints: constraint.nodeTaintsPolicy === 'Honor',
        matcher,
        self: matcher.selector.matches(labels) ? 1 : 0,
      }
    })
}

/** FITS or a reason, for each node. */
export function spreadFilter(
  info: PodInfo,
  snapshot: Snapshot,
  demands: StaticClass,
): ((index: number) => number) | undefined {
  const constraints = spreadConstraintsOf(info, 'DoNotSchedule')
  if (constraints.length === 0) return undefined
  const checks = countDomains(constraints, snapshot, demands).map((domains) => ({
    domainOf: domains.topology.domainOf,
    verdicts: verdictsOf(domains),
  }))
  const judge = ({ domainOf, verdicts }: (typeof checks)[0], index: number) => {
    const domain = domainOf[index]!
    return domain === NO_DOMAIN ? SPREAD_LABEL : verdicts[domain]!
  }
  const [first, ...others] = checks
  return (index) => {
    let code = judge(first!, index)
    for (let k = 0; code === FITS && k < others.length; k++) code = judge(others[k]!, index)
    return code
  }
}

/** FITS or SPREAD, for each domain. */
function verdictsOf(domains: Domains): Uint16Array {
  const { constraint, counts } = domains
  const most = constraint.maxSkew + leastOf(domains) - constraint.self
  const verdicts = new Uint16Array(counts.length)
  for (let domain = 0; domain < counts.length; domain++) {
    if (counts[domain]! > most) verdicts[domain] = SPREAD
  }
  return verdicts
}

/** 0 to 100 for each candidate; undefined: the pod has no wish. */
export function spreadScores(
  info: PodInfo,
  snapshot: Snapshot,
  { demands, candidates }: { demands: StaticClass; candidates: Int32Array },
): Float64Array | undefined {
  const constraints = spreadConstraintsOf(info, 'ScheduleAnyway')
  if (constraints.length === 0) return undefined
  const all = countDomains(constraints, snapshot, demands)
  const weights = all.map(({ topology }) => Math.log(domainsAmong(candidates, topology) + 2))
  const scores = new Float64Array(candidates.length).fill(-1)
  let [least, most] = [Number.POSITIVE_INFINITY, 0]
  for (let i = 0; i < candidates.length; i++) {
    const index = candidates[i]!
    if (all.some(({ topology }) => topology.domainOf[index] === NO_DOMAIN)) continue
    let score = 0
    for (const [k, { constraint, topology, counts }] of all.entries()) {
      score += counts[topology.domainOf[index]!]! * weights[k]! + constraint.maxSkew - 1
    }
    scores[i] = Math.round(score)
    least = Math.min(least, scores[i]!)
    most = Math.max(most, scores[i]!)
  }
  return scores.map((score) => {
    if (score < 0) return 0
    return most === 0 ? 100 : Math.floor((100 * (most + least - score)) / most)
  })
}

/** Only nodes that have all the keys count. */
function countDomains(
  constraints: readonly SpreadConstraint[],
  snapshot: Snapshot,
  demands: StaticClass,
): Domains[] {
  const all = constraints.map((constraint) => {
    const topology = snapshot.topology(constraint.topologyKey)
    const { domains } = topology
    return { constraint, topology, counts: new Float64Array(domains), present: new Uint8Array(domains) }
  })
  const podCounts = constraints.map(({ matcher }) =>
    snapshot.countPods({ matchers: [matcher], livingOnly: true }),
  )
  const counted = new Uint8Array(snapshot.nodes.length).fill(1)
  for (const { topology } of all) {
    const { domainOf } = topology
    for (let index = 0; index < counted.length; index++) if (domainOf[index] === NO_DOMAIN) counted[index] = 0
  }
  for (let k = 0; k < all.length; k++) addCounts(all[k]!, podCounts[k]!, { counted, demands })
  return all
}

function addCounts(
  { constraint: { honorAffinity, honorTaints }, topology: { domainOf }, counts, present }: Domains,
  pods: Int32Array,
  { counted, demands: { selected, tainted } }: { counted: Uint8Array; demands: StaticClass },
): void {
  for (let index = 0; index < counted.length; index++) {
    if (counted[index] === 0 || (honorAffinity && selected[index] === 0)) continue
    if (honorTaints && tainted[index] === 1) continue
    const domain = domainOf[index]!
    counts[domain]! += pods[index]!
    present[domain] = 1
  }
}

/** 0 while there are fewer domains than asked for. */
function leastOf({ constraint, counts, present }: Domains): number {
  let least = Number.POSITIVE_INFINITY
  let domains = 0
  for (let domain = 0; domain < counts.length; domain++) {
    if (present[domain] === 0) continue
    domains++
    least = Math.min(least, counts[domain]!)
  }
  return domains < constraint.minDomains || domains === 0 ? 0 : least
}

function domainsAmong(candidates: Int32Array, { domainOf }: Topology): number {
  const seen = new Set<number>()
  for (const index of candidates) if (domainOf[index] !== NO_DOMAIN) seen.add(domainOf[index]!)
  return seen.size
}

/** matchLabelKeys: pods count only when they share the pod's own values. */
function withOwnLabels(constraint: Json, labels: Readonly<Record<string, string>>): Json {
  const keys: string[] = (constraint.matchLabelKeys ?? []).filter((key: string) => Object.hasOwn(labels, key))
  if (keys.length === 0 || !constraint.labelSelector) return constraint.labelSelector ?? undefined
  const own = keys.map((key) => ({ key, operator: 'In', values: [labels[key]] }))
  const { matchExpressions = [] } = constraint.labelSelector
  return { ...constraint.labelSelector, matchExpressions: [...matchExpressions, ...own] }
}
