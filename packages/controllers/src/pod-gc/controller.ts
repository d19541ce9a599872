// podgc: deletes pods that no node will ever report on again.

import type { KubeObject } from '@brume/api/object'
import { formatTime } from '@brume/base/clock'
import { isStatus } from '@brume/base/errors'
import { NODES, PODS } from '@brume/client/builtin'
import {
  type ControllerSpec,
  defineController,
  fromInformer,
  type Plan,
  type Source,
} from '@brume/client/controller'
import { keyOf } from '@brume/client/resource-ref'
import { deleteIfPresent, getIfPresent, patchIfPresent } from '@brume/client/writes'
import type { Dependencies } from '../dependencies.ts'
import { podsOn } from '../node-lifecycle/pods-on.ts'
import { isLeaving } from '../pod-control/owner.ts'
import { isFinished } from '../pod-control/pod-state.ts'
import {
  type CollectPod,
  decideEnded,
  decidePod,
  isOutOfService,
  type ObservedPod,
  QUARANTINE_MS,
} from './decide.ts'

/** Kubernetes' terminated-pod-gc-threshold. */
const MAX_ENDED = 12_500
/** Looked at once in so much time, however many pods end. */
const ENDED_EVERY_MS = 20_000
const ENDED_KEY = '*ended'
const ENDED = 'ended'

type Observed = { pods: readonly KubeObject[] } | ObservedPod

export function podCollector({ client, informers, clock }: Dependencies): ControllerSpec {
  const pods = informers.for(PODS)
  const nodes = informers.for(NODES)
  const on = podsOn(pods)
  pods.addIndex(ENDED, (pod) => (isFinished(pod) ? [ENDED] : []))
  const missing = new Map<string, number>()
  const ended: Source = {
    start(enqueue) {
      const look = (pod: KubeObject) => isFinished(pod) && enqueue(ENDED_KEY, ENDED_EVERY_MS)
      return pods.addHandler({ add: look, update: (pod, old) => !isFinished(old) && look(pod) })
    },
    synced: () => pods.synced(),
  }
  const needsLook = (pod: KubeObject) => {
    const node = pod['spec'].nodeName ? nodes.store.get('', pod['spec'].nodeName) : undefined
    return node === undefined
      ? Boolean(pod['spec'].nodeName) || isLeaving(pod)
      : isLeaving(pod) && isOutOfService(node)
  }
  return defineController<Observed, CollectPod>({
    name: 'podgc',
    sources: [
      fromInformer(pods, (pod) => (needsLook(pod) ? [keyOf(pod)] : [])),
      fromInformer(nodes, (node) => on(node.metadata.name!).filter(needsLook).map(keyOf)),
      ended,
    ],
    async observe(key) {
      if (key === ENDED_KEY) return { pods: pods.store.byIndex(ENDED, ENDED) }
      const pod = pods.store.getByKey(key)
      if (pod === undefined) return undefined
      const name: string = pod['spec'].nodeName ?? ''
      const node = nodes.store.get('', name)
      if (name === '' || node !== undefined) {
        missing.delete(name)
        return { pod, node, nodeIsGone: false }
      }
      const missingSince = missing.get(name) ?? clock.now()
      missing.set(name, missingSince)
      const over = clock.now() - missingSince >= QUARANTINE_MS
      const nodeIsGone = over && (await getIfPresent(client.resource(NODES), { name })) === undefined
      return { pod, node, missingSince, nodeIsGone }
    },
    decide: (observed, now): Plan<CollectPod> =>
      'pods' in observed ? decideEnded(observed.pods, MAX_ENDED) : decidePod(observed, now),
    async act({ pod, failed }) {
      const { namespace, name, uid } = pod.metadata
      const key = { namespace: namespace!, name: name! }
      const resource = client.resource(PODS)
      if (failed !== undefined) {
        const lastTransitionTime = formatTime(clock.now())
        const condition = {
          type: 'DisruptionTarget',
          status: 'True',
          reason: 'DeletionByPodGC',
          message: failed,
        }
        const conditions = [{ ...condition, lastTransitionTime }]
        const body = { metadata: { uid }, status: { phase: 'Failed', conditions } }
        await patchIfPresent(resource, key, { type: 'strategic', subresource: 'status', body })
      }
      try {
        await deleteIfPresent(resource, key, { gracePeriodSeconds: 0, preconditions: { uid: uid! } })
      } catch (error) {
        // Another pod has its name by now.
        if (!isStatus(error, 'Conflict')) throw error
      }
    },
  })
}
