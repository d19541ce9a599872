// Pods that do not tolerate a NoExecute taint of their node, or only for so long, are deleted (taint-eviction).

import type { KubeObject } from '@brume/api/object'
import { formatTime } from '@brume/base/clock'
import { isStatus } from '@brume/base/errors'
import { NODES, PODS } from '@brume/client/builtin'
import { type ControllerSpec, defineController, fromInformer, type Plan } from '@brume/client/controller'
import { EventRecorder } from '@brume/client/event-recorder'
import { deleteIfPresent, patchIfPresent } from '@brume/client/writes'
import type { Dependencies } from '../dependencies.ts'
import { isLeaving } from '../pod-control/owner.ts'
import { timeOf } from '../pod-control/pod-state.ts'
import { podsOn } from './pods-on.ts'
import type { Taint } from './taints.ts'

export interface ObservedPods {
  node: KubeObject
  pods: readonly KubeObject[]
}

export interface EvictPod {
  type: 'evict'
  pod: KubeObject
}

interface Toleration {
  key?: string
  operator?: string
  value?: string
  effect?: string
  tolerationSeconds?: number | null
}

export function taintEviction({ client, informers, clock, logger }: Dependencies): ControllerSpec {
  const nodes = informers.for(NODES)
  const pods = informers.for(PODS)
  const on = podsOn(pods)
  const events = new EventRecorder({ client, component: 'taint-eviction-controller', clock, logger })
  const tainted = (name: string | undefined) => {
    const node = name ? nodes.store.get('', name) : undefined
    return node !== undefined && noExecute(node).length > 0 ? [name!] : []
  }
  return defineController<ObservedPods, EvictPod>({
    name: 'taint-eviction',
    sources: [
      fromInformer(nodes, ({ metadata }) => tainted(metadata.name)),
      fromInformer(pods, (pod) => tainted(pod['spec'].nodeName)),
    ],
    observe(name) {
      const node = nodes.store.get('', name)
      return node && { node, pods: on(name) }
    },
    decide: decideEvictions,
    async act({ pod }) {
      const { namespace, name, uid } = pod.metadata
      const key = { namespace: namespace!, name: name! }
      const message = `Marking for deletion Pod ${namespace}/${name}`
      const subject = { ...pod, apiVersion: 'v1', kind: 'Pod' }
      void events.record(subject, { type: 'Normal', reason: 'TaintManagerEviction', message })
      const condition = {
        type: 'DisruptionTarget',
        status: 'True',
        reason: 'DeletionByTaintManager',
        message: 'Taint manager: deleting due to NoExecute taint',
        lastTransitionTime: formatTime(clock.now()),
      }
      const body = { metadata: { uid }, status: { conditions: [condition] } }
      const resource = client.resource(PODS)
      try {
        await patchIfPresent(resource, key, { type: 'strategic', subresource: 'status', body })
        await deleteIfPresent(resource, key, { preconditions: { uid: uid! } })
      } catch (error) {
        // Another pod has its name by now.
        if (!isStatus(error, 'Conflict')) throw error
      }
    },
  })
}

export function decideEvictions({ node, pods }: ObservedPods, now: number): Plan<EvictPod> {
  const taints = noExecute(node)
  if (taints.length === 0) return { actions: [] }
  const actions: EvictPod[] = []
  let nextMs = Number.POSITIVE_INFINITY
  for (const pod of pods) {
    if (isLeaving(pod)) continue
    const leftMs = toleratedMs(pod, taints, now)
    if (leftMs <= 0) actions.push({ type: 'evict', pod })
    else nextMs = Math.min(nextMs, leftMs)
  }
  return { actions, ...(Number.isFinite(nextMs) ? { requeueAfterMs: nextMs } : {}) }
}

/** How much longer the pod bears all taints; Infinity: for ever. Of several tolerations the shortest counts. */
function toleratedMs(pod: KubeObject, taints: readonly Taint[], now: number): number {
  let leftMs = Number.POSITIVE_INFINITY
  for (const taint of taints) {
    const used = ((pod['spec'].tolerations ?? []) as Toleration[]).filter((one) => tolerates(one, taint))
    if (used.length === 0) return 0
    for (const { tolerationSeconds } of used) {
      if (typeof tolerationSeconds !== 'number') continue
      const since = timeOf(taint.timeAdded) ?? now
      leftMs = Math.min(leftMs, since + Math.max(0, tolerationSeconds) * 1000 - now)
    }
  }
  return leftMs
}

function tolerates({ key, operator = 'Equal', value = '', effect }: Toleration, taint: Taint): boolean {
  if (effect && effect !== taint.effect) return false
  if (key && key !== taint.key) return false
  return operator === 'Exists' || (key !== undefined && key !== '' && value === (taint.value ?? ''))
}

function noExecute({ spec }: KubeObject): Taint[] {
  return (spec?.taints ?? []).filter(({ effect }: Taint) => effect === 'NoExecute')
}
