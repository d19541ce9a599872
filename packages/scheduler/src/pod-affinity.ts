// Affinity and anti-affinity between pods: what the pod asks of others, and what others ask of it.

import { type AffinityTerm, matchesPod } from './affinity-terms.ts'
import type { PodInfo } from './pod-info.ts'
import { AFFINITY, ANTI_AFFINITY, EXISTING_ANTI_AFFINITY, FITS } from './reasons.ts'
import type { Snapshot } from './snapshot.ts'
import { NO_DOMAIN, type Topology } from './topology.ts'

/** Pods with required affinity are drawn to by this weight, as Kubernetes' hardPodAffinityWeight. */
const REQUIRED_WEIGHT = 1

interface DomainCounts {
  topology: Topology
  counts: Float64Array
}

/** FITS or a reason, for each node; undefined: neither the pod nor others have terms that forbid. */
export function affinityFilter(info: PodInfo, snapshot: Snapshot): ((index: number) => number) | undefined {
  const { required, requiredAnti } = info.terms
  if (required.length === 0 && requiredAnti.length === 0 && snapshot.held.antiSize === 0) return undefined
  const wanted = countWanted(info, snapshot)
  const avoided = requiredAnti.map((term) => domainCounts(snapshot, term, podsMatching(snapshot, [term])))
  const forbidden = forbiddenDomains(info, snapshot)
  const first = required.length > 0 && isFirst(info, wanted, snapshot)
  return (index) => {
    for (const { topology, counts } of wanted) {
      const domain = topology.domainOf[index]!
      if (domain === NO_DOMAIN || (!first && counts[domain] === 0)) return AFFINITY
    }
    if (avoided.some((of) => isIn(of, index))) return ANTI_AFFINITY
    return forbidden.some((of) => isIn(of, index)) ? EXISTING_ANTI_AFFINITY : FITS
  }
}

/** 0 to 100 for each candidate; undefined: nobody prefers anything. */
export function affinityScores(
  info: PodInfo,
  snapshot: Snapshot,
  candidates: Int32Array,
): Float64Array | undefined {
  const weighted = [...ownWishes(info, snapshot), ...othersWishes(info, snapshot)]
  if (weighted.length === 0) return undefined
  const scores = new Float64Array(candidates.length)
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (let i = 0; i < candidates.length; i++) {
    for (const { topology, counts } of weighted) {
      const domain = topology.domainOf[candidates[i]!]!
      if (domain !== NO_DOMAIN) scores[i]! += counts[domain]!
    }
    least = Math.min(least, scores[i]!)
    most = Math.max(most, scores[i]!)
  }
  return scores.map((score) => (most > least ? Math.floor((100 * (score - least)) / (most - least)) : 0))
}

/** A pod counts for the terms only when it matches all of them. */
function countWanted({ terms: { required } }: PodInfo, snapshot: Snapshot): DomainCounts[] {
  if (required.length === 0) return []
  const pods = podsMatching(snapshot, required)
  return required.map((term) => domainCounts(snapshot, term, pods))
}

/** The first of a group that wants to be together may go anywhere. */
function isFirst(info: PodInfo, wanted: readonly DomainCounts[], snapshot: Snapshot): boolean {
  if (wanted.some(({ counts }) => counts.some((count) => count > 0))) return false
  return info.terms.required.every((term) => matchesPod(term, info, snapshot.namespaceLabels))
}

function forbiddenDomains(info: PodInfo, snapshot: Snapshot): DomainCounts[] {
  const forbidden: DomainCounts[] = []
  if (snapshot.held.antiSize === 0) return forbidden
  for (const { kind, term, counts } of snapshot.held.values()) {
    if (kind !== 'requiredAnti' || !matchesPod(term, info, snapshot.namespaceLabels)) continue
    forbidden.push(domainCounts(snapshot, term, counts))
  }
  return forbidden
}

function ownWishes({ terms: { preferred, preferredAnti } }: PodInfo, snapshot: Snapshot): DomainCounts[] {
  const wish = (sign: 1 | -1) => (term: AffinityTerm) =>
    domainCounts(snapshot, term, podsMatching(snapshot, [term]), sign * term.weight)
  return [...preferred.map(wish(1)), ...preferredAnti.map(wish(-1))]
}

function othersWishes(info: PodInfo, snapshot: Snapshot): DomainCounts[] {
  const wishes: DomainCounts[] = []
  for (const { kind, term, counts } of snapshot.held.values()) {
    if (kind === 'requiredAnti' || !matchesPod(term, info, snapshot.namespaceLabels)) continue
    const weight = kind === 'required' ? REQUIRED_WEIGHT : kind === 'preferred' ? term.weight : -term.weight
    wishes.push(domainCounts(snapshot, term, counts, weight))
  }
  return wishes
}

function podsMatching(snapshot: Snapshot, matchers: readonly AffinityTerm[]): Int32Array {
  return snapshot.countPods({ matchers, livingOnly: false })
}

function domainCounts(
  snapshot: Snapshot,
  { topologyKey }: AffinityTerm,
  pods: Int32Array | ReadonlyMap<number, number>,
  weight = 1,
): DomainCounts {
  const topology = snapshot.topology(topologyKey)
  const counts = new Float64Array(topology.domains)
  for (const [index, count] of pods.entries()) {
    const domain = topology.domainOf[index]!
    if (count > 0 && domain !== NO_DOMAIN) counts[domain]! += count * weight
  }
  return { topology, counts }
}

function isIn({ topology, counts }: DomainCounts, index: number): boolean {
  const domain = topology.domainOf[index]!
  return domain !== NO_DOMAIN && counts[domain]! > 0
}
