// Which nodes a pod may go to. The filters come in Kubernetes' order and each node keeps its first objection.

import { portsClash } from './node-entry.ts'
import { affinityFilter } from './pod-affinity.ts'
import type { PodInfo } from './pod-info.ts'
import { FITS, PORTS } from './reasons.ts'
import type { Snapshot } from './snapshot.ts'
import { spreadFilter } from './spread.ts'
import type { StaticClass } from './static-class.ts'
import { type VolumeNeeds, volumeDemandOf, volumesAllow } from './volumes.ts'

export interface Filtered {
  readonly demands: StaticClass
  /** By node index: FITS or a reason. */
  readonly codes: Uint16Array
  /** By node index: 1 where the pod fits only by promising CPU twice. */
  readonly overcommitted: Uint8Array
  /** Indexes of the nodes that fit. Those without overcommitment when there are any, else those with it. */
  readonly candidates: Int32Array
  readonly volumes?: VolumeNeeds
  /** The pod waits for this and no node was looked at. */
  readonly wait?: { wait: string; remedy: string }
}

/** Looks at all nodes, or at the one with the index `only`. The arrays are the snapshot's: valid until the next call. */
export function filterNodes(info: PodInfo, snapshot: Snapshot, only?: number): Filtered {
  const demands = snapshot.classOf(info)
  const { codes, overcommitted } = snapshot.scratch
  codes.set(demands.codes)
  overcommitted.fill(0)
  const volumes = volumeDemandOf(info, snapshot.volumes)
  if (demands.named?.size === 0) {
    const wait = { wait: 'pod affinity terms conflict', remedy: "correct the pod's node affinity" }
    return { demands, codes, overcommitted, candidates: new Int32Array(0), wait }
  }
  if (volumes !== undefined && 'wait' in volumes) {
    return { demands, codes, overcommitted, candidates: new Int32Array(0), wait: volumes }
  }
  const range = { from: only ?? 0, to: only === undefined ? snapshot.nodes.length : only + 1 }
  if (info.ports.length > 0) filterPorts(info, snapshot, codes, range)
  filterResources(info, snapshot, { codes, overcommitted }, range)
  filterRest({ info, snapshot, demands, volumes }, codes, range)
  return {
    demands,
    codes,
    overcommitted,
    candidates: candidatesOf(snapshot.scratch, range),
    ...(volumes === undefined ? {} : { volumes }),
  }
}

interface Range {
  from: number
  to: number
}

function filterPorts({ ports }: PodInfo, snapshot: Snapshot, codes: Uint16Array, { from, to }: Range): void {
  for (let index = from; index < to; index++) {
    const node = snapshot.nodes[index]
    if (codes[index] === FITS && portsClash(ports, node!.ports)) codes[index] = PORTS
  }
}

function filterResources(
  info: PodInfo,
  snapshot: Snapshot,
  { codes, overcommitted }: { codes: Uint16Array; overcommitted: Uint8Array },
  { from, to }: Range,
): void {
  const known = snapshot.resources.classOf(info)
  for (let index = from; index < to; index++) {
    if (codes[index] !== FITS) continue
    codes[index] = known.codes[index]!
    overcommitted[index] = known.overcommitted[index]!
  }
}

/** The filters that few pods need: each is asked only where the pod fits so far. */
function filterRest(
  {
    info,
    snapshot,
    demands,
    volumes,
  }: { info: PodInfo; snapshot: Snapshot; demands: StaticClass; volumes: VolumeNeeds | undefined },
  codes: Uint16Array,
  { from, to }: Range,
): void {
  const filters: ((index: number) => number)[] = []
  if (volumes !== undefined) {
    const state = { reader: snapshot.volumes, users: (claim: string) => snapshot.claimUsers(claim) }
    filters.push((index) => volumesAllow(volumes, snapshot.nodes[index]!, state))
  }
  const spread = spreadFilter(info, snapshot, demands)
  if (spread !== undefined) filters.push(spread)
  const affinity = affinityFilter(info, snapshot)
  if (affinity !== undefined) filters.push(affinity)
  for (const filter of filters) {
    for (let index = from; index < to; index++) {
      if (codes[index] === FITS) codes[index] = filter(index)
    }
  }
}

function candidatesOf(
  { codes, overcommitted, candidates }: Snapshot['scratch'],
  { from, to }: Range,
): Int32Array {
  for (let wanted = 0; wanted <= 1; wanted++) {
    let count = 0
    for (let index = from; index < to; index++) {
      if (codes[index] === FITS && overcommitted[index] === wanted) candidates[count++] = index
    }
    if (count > 0) return candidates.subarray(0, count)
  }
  return candidates.subarray(0, 0)
}
