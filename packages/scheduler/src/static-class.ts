// What pods with the same demands on nodes think of every node, remembered until a node changes: selector, affinity,
// taints, cordon. The filters come in Kubernetes' order; the first objection counts.

import { GROUP } from '@brume/api/placement'
import type { NodeEntry } from './node-entry.ts'
import {
  dislikes,
  matchesNode,
  matchesTerm,
  type NodeDemand,
  namedNodes,
  taintText,
  toleratesCordon,
  untoleratedTaint,
} from './node-match.ts'
import type { Json, PodInfo } from './pod-info.ts'
import {
  FITS,
  NO_NODE,
  NODE_AFFINITY,
  NODE_NAME,
  OTHER_NODES,
  type ReasonTable,
  UNSCHEDULABLE,
} from './reasons.ts'

export interface StaticClass {
  readonly demand: NodeDemand
  readonly nodeName: string | undefined
  readonly named: ReadonlySet<string> | undefined
  readonly tolerations: readonly Json[]
  readonly preferred: readonly Json[]
  /** By node index: FITS or a reason. */
  readonly codes: Uint16Array
  /** Weights of the preferred terms that match. */
  readonly liking: Float64Array
  /** PreferNoSchedule taints that are not tolerated. */
  readonly dislike: Float64Array
  /** Whether a node was ever disliked: else there is nothing to compare. */
  dislikes: boolean
  /** The nodes whose taints the pod cannot bear: they do not count for topology spread that honors taints. */
  readonly tainted: Uint8Array
  /** The nodes that the selector and affinity allow. */
  readonly selected: Uint8Array
}

const NO_TERMS: readonly Json[] = []

export function staticClassOf({ pod, group }: PodInfo, capacity: number): StaticClass {
  const { nodeName, nodeSelector, affinity, tolerations }: Json = pod['spec']
  const terms = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms
  return {
    demand: {
      nodeSelector: group === undefined ? (nodeSelector ?? {}) : { ...nodeSelector, [GROUP]: group },
      terms,
    },
    nodeName: nodeName || undefined,
    named: namedNodes(terms),
    tolerations: tolerations ?? NO_TERMS,
    preferred: affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? NO_TERMS,
    codes: new Uint16Array(capacity).fill(NO_NODE),
    liking: new Float64Array(capacity),
    dislike: new Float64Array(capacity),
    dislikes: false,
    tainted: new Uint8Array(capacity),
    selected: new Uint8Array(capacity),
  }
}

/** In place: this one node's row. */
export function examineNode(of: StaticClass, node: NodeEntry, reasons: ReasonTable): void {
  const { index, taints, object } = node
  const taint = untoleratedTaint(taints, of.tolerations)
  const selected = matchesNode(of.demand, object)
  of.tainted[index] = taint === undefined ? 0 : 1
  of.selected[index] = selected ? 1 : 0
  of.dislike[index] = dislikes(taints, of.tolerations)
  if (of.dislike[index]! > 0) of.dislikes = true
  of.liking[index] = of.preferred.reduce(
    (sum: number, { preference, weight }) => sum + (matchesTerm(preference, object) ? weight : 0),
    0,
  )
  of.codes[index] = objection(of, node, { taint, selected }, reasons)
}

function objection(
  of: StaticClass,
  node: NodeEntry,
  { taint, selected }: { taint: ReturnType<typeof untoleratedTaint>; selected: boolean },
  reasons: ReasonTable,
): number {
  if (of.named !== undefined && of.named.size > 0 && !of.named.has(node.name)) return OTHER_NODES
  if (node.cordoned && !toleratesCordon(of.tolerations)) return UNSCHEDULABLE
  if (of.nodeName !== undefined && of.nodeName !== node.name) return NODE_NAME
  if (taint !== undefined) {
    const text = taintText(taint)
    return reasons.intern({
      text: `node(s) had untolerated taint ${text}`,
      preemptable: false,
      remedy: `tolerate ${text} or remove the taint`,
    })
  }
  return selected ? FITS : NODE_AFFINITY
}
