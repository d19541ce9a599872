// The decision: a node for a pod, or why there is none.

import type { SeededRandom } from '@brume/base/seeded-random'
import { type Filtered, filterNodes } from './filter.ts'
import type { PodInfo } from './pod-info.ts'
import { FITS } from './reasons.ts'
import { cpuOf, fullness, promisedPercent, scoreNodes } from './score.ts'
import type { Snapshot } from './snapshot.ts'
import { planVolumes, type VolumePlan } from './volumes.ts'

export interface Placed {
  readonly node: string
  readonly pod: PodInfo
  /** Nodes that fit, of all nodes. */
  readonly candidates: number
  readonly nodes: number
  readonly group: string | undefined
  /** CPU that is promised with this pod, in percent of what there is; absent: no CPU is promised twice. */
  readonly overcommit: { nodePercent: number; groupPercent: number } | undefined
  /** CPU or memory, whichever is fuller, with this pod. */
  readonly fullPercent: number
  /** Pods of its kind that were on the node before. */
  readonly kin: number
  /** What its claims need before it is bound; absent: nothing. */
  readonly volumes?: VolumePlan
}

export interface Refused {
  readonly node: undefined
  readonly pod: PodInfo
  readonly filtered: Filtered
}

/** A pod that was promised a node when others were told to leave it. */
export interface Nominated {
  pod: PodInfo
  node: string
}

export interface PlaceOptions {
  /** Decides between equals. */
  random: SeededRandom
  /** Their room is kept for them, unless the pod matters more. */
  nominated?: Iterable<Nominated>
}

export function place(info: PodInfo, snapshot: Snapshot, options: PlaceOptions): Placed | Refused {
  const reserved = [...(options.nominated ?? [])].filter(
    ({ pod }) =>
      pod.uid !== info.uid && pod.priority >= info.priority && snapshot.nodeOf(pod.uid) === undefined,
  )
  if (reserved.length === 0) return choose(info, snapshot, options.random)
  // Kubernetes asks twice: affinity must not lean on pods that may never come.
  const without = filterNodes(info, snapshot).codes.slice()
  for (const { pod, node } of reserved) snapshot.putPod(pod, node)
  try {
    const with_ = filterNodes(info, snapshot)
    return pick(info, snapshot, { filtered: both(with_, without), random: options.random })
  } finally {
    for (const { pod } of reserved) snapshot.removePod(pod.uid)
  }
}

function choose(info: PodInfo, snapshot: Snapshot, random: SeededRandom): Placed | Refused {
  return pick(info, snapshot, { filtered: filterNodes(info, snapshot), random })
}

function pick(
  info: PodInfo,
  snapshot: Snapshot,
  { filtered, random }: { filtered: Filtered; random: SeededRandom },
): Placed | Refused {
  const { candidates, overcommitted } = filtered
  if (candidates.length === 0) return { node: undefined, pod: info, filtered: kept(filtered) }
  const index =
    candidates.length === 1 ? candidates[0]! : best(scoreNodes(info, snapshot, filtered), candidates, random)
  const node = snapshot.nodes[index]!
  const twice = overcommitted[index] === 1
  const unbound = filtered.volumes?.unbound ?? []
  const volumes = unbound.length === 0 ? undefined : planVolumes(unbound, node, snapshot.volumes)
  return {
    node: node.name,
    pod: info,
    candidates: candidates.length,
    nodes: snapshot.nodeCount,
    group: node.group,
    overcommit: twice
      ? {
          nodePercent: promisedPercent(snapshot, index, cpuOf(info)),
          groupPercent: groupPercent(snapshot, node.group, cpuOf(info)),
        }
      : undefined,
    fullPercent: fullness(info, snapshot, index),
    kin: snapshot.familyOn(info.family)?.get(index) ?? 0,
    ...(volumes === undefined ? {} : { volumes }),
  }
}

/** The highest score; among equals each has the same chance. */
function best(scores: Float64Array, candidates: Int32Array, random: SeededRandom): number {
  let highest = scores[0]!
  let equals = 0
  for (let i = 0; i < scores.length; i++) {
    const score = scores[i]!
    if (score > highest) {
      highest = score
      equals = 1
    } else if (score === highest) equals++
  }
  let left = random.below(equals)
  let at = 0
  while (scores[at] !== highest || left-- > 0) at++
  return candidates[at]!
}

function groupPercent(snapshot: Snapshot, group: string | undefined, more: number): number {
  const { allocatable, requested } = snapshot.resources.column('cpu')
  let [all, promised] = [0, more]
  for (const node of snapshot.nodes) {
    if (node === undefined || node.group !== group) continue
    all += allocatable[node.index]!
    promised += requested[node.index]!
  }
  return all === 0 ? 0 : Math.round((100 * promised) / all)
}

/** Fits only where it fits either way. */
function both(filtered: Filtered, without: Uint16Array): Filtered {
  const { codes } = filtered
  for (let index = 0; index < codes.length; index++) codes[index] ||= without[index]!
  return { ...filtered, candidates: filtered.candidates.filter((index) => codes[index] === FITS) }
}

/** A refusal is read after further decisions. */
function kept(filtered: Filtered): Filtered {
  const { codes, overcommitted, candidates } = filtered
  return {
    ...filtered,
    codes: codes.slice(),
    overcommitted: overcommitted.slice(),
    candidates: candidates.slice(),
  }
}
