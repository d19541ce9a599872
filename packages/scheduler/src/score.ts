// How good each candidate is. Kubernetes' default scores with its default weights; a pod's own word (spread, pack) comes
// before them, and so does the smallest overcommitment.

import type { Filtered } from './filter.ts'
import { affinityScores } from './pod-affinity.ts'
import type { PodInfo } from './pod-info.ts'
import type { Snapshot } from './snapshot.ts'
import { spreadScores } from './spread.ts'
import type { StaticClass } from './static-class.ts'

const WEIGHTS = { taints: 3, nodeAffinity: 2, spread: 2, podAffinity: 2, images: 1 }
const MAX = 100
/** Above any sum of weighted scores (at most 12 x 100): what the person said decides first. */
const FIRST = 10_000
/** Kubernetes' bounds of what is worth avoiding to pull. */
const IMAGE_MIN_BYTES = 23 * 1024 * 1024
const IMAGE_MAX_BYTES = 1000 * 1024 * 1024

/** One number for each candidate; the highest is the best. */
export function scoreNodes(info: PodInfo, snapshot: Snapshot, filtered: Filtered): Float64Array {
  const { candidates, demands, overcommitted } = filtered
  const scores = snapshot.scratch.scores.subarray(0, candidates.length).fill(0)
  addResources(scores, { info, snapshot, candidates })
  if (demands.dislikes) addTaints(scores, demands, candidates)
  if (demands.preferred.length > 0) addLiking(scores, demands, candidates)
  addWeighted(scores, spreadScores(info, snapshot, { demands, candidates }), WEIGHTS.spread)
  addWeighted(scores, affinityScores(info, snapshot, candidates), WEIGHTS.podAffinity)
  addImages(scores, { info, snapshot, candidates })
  if (candidates.length > 0 && overcommitted[candidates[0]!] === 1) {
    addFirst(scores, candidates, (index) => -promisedPercent(snapshot, index, cpuOf(info)))
  }
  if (info.placement === 'spread') {
    const kin = snapshot.familyOn(info.family)
    addFirst(scores, candidates, (index) => -(kin?.get(index) ?? 0))
  } else if (info.placement === 'pack') {
    addFirst(scores, candidates, (index) => fullness(info, snapshot, index))
  }
  return scores
}

/** CPU promised of what there is, in whole percent, when `more` is added. */
export function promisedPercent(snapshot: Snapshot, index: number, more: number): number {
  const { allocatable, requested } = snapshot.resources.column('cpu')
  return Math.round((100 * (requested[index]! + more)) / allocatable[index]!)
}

/** Percent of CPU or memory, whichever is fuller, with the pod on the node. */
export function fullness({ requests }: PodInfo, snapshot: Snapshot, index: number): number {
  let fullest = 0
  for (const resource of ['cpu', 'memory']) {
    const { allocatable, requested } = snapshot.resources.column(resource)
    if (allocatable[index] === 0) continue
    const own = requests.find(([name]) => name === resource)?.[1] ?? 0
    fullest = Math.max(fullest, (100 * (requested[index]! + own)) / allocatable[index]!)
  }
  return Math.floor(fullest)
}

export function cpuOf({ requests }: PodInfo): number {
  return requests.find(([resource]) => resource === 'cpu')?.[1] ?? 0
}

interface Scoring {
  info: PodInfo
  snapshot: Snapshot
  candidates: Int32Array
}

function addResources(scores: Float64Array, { info, snapshot, candidates }: Scoring): void {
  const known = snapshot.resources.classOf(info).scores
  for (let i = 0; i < candidates.length; i++) scores[i]! += known[candidates[i]!]!
}

function addTaints(scores: Float64Array, { dislike }: StaticClass, candidates: Int32Array): void {
  let most = 0
  for (const index of candidates) if (dislike[index]! > most) most = dislike[index]!
  if (most === 0) return
  for (let i = 0; i < candidates.length; i++) {
    scores[i]! += WEIGHTS.taints * (MAX - Math.floor((MAX * dislike[candidates[i]!]!) / most))
  }
}

function addLiking(scores: Float64Array, { liking }: StaticClass, candidates: Int32Array): void {
  let most = 0
  for (const index of candidates) if (liking[index]! > most) most = liking[index]!
  if (most === 0) return
  for (let i = 0; i < candidates.length; i++) {
    scores[i]! += WEIGHTS.nodeAffinity * Math.floor((MAX * liking[candidates[i]!]!) / most)
  }
}

function addWeighted(scores: Float64Array, more: Float64Array | undefined, weight: number): void {
  if (more === undefined) return
  for (let i = 0; i < scores.length; i++) scores[i]! += weight * more[i]!
}

/** An image's size counts by the share of nodes that have it, so that not all pods crowd on one node. */
function addImages(scores: Float64Array, { info, snapshot, candidates }: Scoring): void {
  if (!snapshot.knowsImages) return
  const containers = [...(info.pod['spec'].initContainers ?? []), ...info.pod['spec'].containers]
  const names = containers.map(({ image }) => withTag(String(image ?? '')))
  const shares = names.map((name) => snapshot.nodesWithImage(name) / snapshot.nodeCount)
  if (shares.every((share) => share === 0)) return
  const largest = IMAGE_MAX_BYTES * containers.length
  for (let i = 0; i < candidates.length; i++) {
    const { images } = snapshot.nodes[candidates[i]!]!
    let bytes = 0
    for (const [k, name] of names.entries()) bytes += Math.floor((images.get(name) ?? 0) * shares[k]!)
    const bounded = Math.min(largest, Math.max(IMAGE_MIN_BYTES, bytes))
    scores[i]! +=
      WEIGHTS.images * Math.floor((MAX * (bounded - IMAGE_MIN_BYTES)) / (largest - IMAGE_MIN_BYTES))
  }
}

function withTag(image: string): string {
  return image.lastIndexOf(':') <= image.lastIndexOf('/') ? `${image}:latest` : image
}

function addFirst(scores: Float64Array, candidates: Int32Array, of: (index: number) => number): void {
  for (let i = 0; i < candidates.length; i++) scores[i]! += FIRST * of(candidates[i]!)
}
