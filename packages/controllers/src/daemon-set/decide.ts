// Keeping one pod on every node that should have one.

import type { KubeObject } from '@brume/api/object'
import { fromStructured } from '@brume/api/selectors/structured'
import { deepEqual } from '@brume/base/values'
import type { Plan } from '@brume/client/controller'
import type { RevisionAction } from '../pod-control/act-history.ts'
import { claim } from '../pod-control/claim.ts'
import { latestRevision, surplusRevisions } from '../pod-control/history.ts'
import { isLeaving } from '../pod-control/owner.ts'
import { nextAvailableMs } from '../pod-control/pod-state.ts'
import { isOfRevision, nodeOfDaemon, SET_KIND } from './daemon-pod.ts'
import { fitOn } from './node-fit.ts'
import type { ObservedDaemonSet } from './observe.ts'
import { decidePlaces, type Place } from './places.ts'
import { rollingUpdate } from './rolling-update.ts'
import { daemonSetStatus } from './status.ts'

export type DaemonSetAction =
  | { type: 'adopt' | 'release'; set: KubeObject; pod: KubeObject }
  | { type: 'adoptRevision'; set: KubeObject; revision: KubeObject }
  | (RevisionAction & { set: KubeObject })
  | { type: 'createPods'; set: KubeObject; revision: KubeObject; nodes: readonly string[] }
  | { type: 'deletePods'; set: KubeObject; pods: readonly KubeObject[] }
  | { type: 'replaceFinished'; set: KubeObject; pod: KubeObject; node: string }
  | { type: 'setStatus'; set: KubeObject; status: object }
  | { type: 'warn'; set: KubeObject; reason: string; message: string }

/** Pods made or deleted in one round. */
const BURST = 250

export function decideDaemonSet(observed: ObservedDaemonSet, now: number): Plan<DaemonSetAction> {
  const { set, revisions, namesake } = observed
  const selector = fromStructured(set['spec'].selector)
  if (isLeaving(set)) return { actions: [] }
  if (selector.empty) {
    const message = 'This daemon set is selecting all pods. A non-empty selector is required.'
    return { actions: [{ type: 'warn', set, reason: 'SelectingAll', message }] }
  }
  const pods = claim({ owner: set, selector, owned: observed.owned, orphans: observed.orphans })
  const own = claim({ owner: set, selector, owned: revisions, orphans: observed.orphanRevisions })
  if (pods.adopt.length + pods.release.length + own.adopt.length > 0) {
    const actions: DaemonSetAction[] = [
      ...own.adopt.map((revision) => ({ type: 'adoptRevision' as const, set, revision })),
      ...pods.adopt.map((pod) => ({ type: 'adopt' as const, set, pod })),
      ...pods.release.map((pod) => ({ type: 'release' as const, set, pod })),
    ]
    return { actions, requeueAfterMs: 0 }
  }
  const latest = latestRevision({ owner: set, kind: SET_KIND, revisions, namesake })
  if (latest.step?.type === 'collision') {
    const { collisionCount } = latest.step
    return { actions: [{ type: 'setStatus', set, status: { ...set['status'], collisionCount } }] }
  }
  if (latest.step !== undefined) return { actions: [{ ...latest.step, set }], requeueAfterMs: 0 }
  return run(observed, { pods: pods.claimed, revision: latest.revision! }, now)
}

function run(
  { set, nodes, revisions, failedUntil }: ObservedDaemonSet,
  { pods, revision }: { pods: readonly KubeObject[]; revision: KubeObject },
  now: number,
): Plan<DaemonSetAction> {
  const places = placesOf(set, nodes, pods)
  const status = daemonSetStatus({ set, places, revision }, now)
  const actions: DaemonSetAction[] = []
  if (!deepEqual(status, set['status'])) actions.push({ type: 'setStatus', set, status })
  const moves = decidePlaces({ set, places, revision, failedUntil }, now)
  const gone = pods.filter((pod) => isNowhere(pod, nodes))
  const deletions = [...gone, ...moves.remove]
  const creations = [...moves.create]
  if (set['spec'].updateStrategy?.type !== 'OnDelete') {
    const update = rollingUpdate({ set, places, revision, going: new Set(deletions) }, now)
    deletions.push(...update.remove)
    creations.push(...update.create)
  }
  if (deletions.length > 0) actions.push({ type: 'deletePods', set, pods: deletions.slice(0, BURST) })
  for (const { pod, node } of moves.finished) actions.push({ type: 'replaceFinished', set, pod, node })
  if (creations.length > 0)
    actions.push({ type: 'createPods', set, revision, nodes: creations.slice(0, BURST) })
  const isLive = (known: KubeObject) => known === revision || pods.some((pod) => isOfRevision(pod, known))
  for (const surplus of surplusRevisions(revisions, isLive, set['spec'].revisionHistoryLimit ?? 10)) {
    actions.push({ type: 'deleteRevision', set, revision: surplus })
  }
  const available = nextAvailableMs(pods, set['spec'].minReadySeconds ?? 0, now)
  const waits = [available, moves.waitMs].filter((ms) => ms !== undefined)
  return { actions, ...(waits.length === 0 ? {} : { requeueAfterMs: Math.min(...waits) }) }
}

function placesOf(set: KubeObject, nodes: readonly KubeObject[], pods: readonly KubeObject[]): Place[] {
  const byNode = new Map<string, KubeObject[]>()
  for (const pod of pods) {
    const node = nodeOfDaemon(pod)
    if (node !== undefined) byNode.set(node, [...(byNode.get(node) ?? []), pod])
  }
  return nodes.map((node) => {
    const { name } = node.metadata
    return {
      node: name!,
      fit: fitOn(node, set['spec'].template.spec),
      pods: (byNode.get(name!) ?? []).sort(olderFirst),
    }
  })
}

/** It waits for a node that does not exist. One that ran on a node that is gone is the pod collector's. */
function isNowhere(pod: KubeObject, nodes: readonly KubeObject[]): boolean {
  if (pod['spec'].nodeName || isLeaving(pod)) return false
  const target = nodeOfDaemon(pod)
  return target !== undefined && !nodes.some(({ metadata }) => metadata.name === target)
}

function olderFirst({ metadata: a }: KubeObject, { metadata: b }: KubeObject): number {
  const [x, y] = [a.creationTimestamp ?? '', b.creationTimestamp ?? '']
  if (x !== y) return x < y ? -1 : 1
  return a.name! < b.name! ? -1 : 1
}
