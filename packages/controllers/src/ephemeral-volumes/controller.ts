// Generic ephemeral volumes: a pod's volume template becomes a claim that the pod owns, so that it goes with the pod.

import type { KubeObject } from '@brume/api/object'
import { PERSISTENT_VOLUME_CLAIMS, PODS } from '@brume/client/builtin'
import { type ControllerSpec, defineController, fromInformer, type Plan } from '@brume/client/controller'
import { EventRecorder } from '@brume/client/event-recorder'
import { keyOf } from '@brume/client/resource-ref'
import { createIfAbsent } from '@brume/client/writes'
import type { WorkloadDependencies } from '../pod-control/dependencies.ts'
import { controllerOf, controllerReference, isLeaving } from '../pod-control/owner.ts'
import { isFinished } from '../pod-control/pod-state.ts'

export interface ObservedPod {
  pod: KubeObject
  /** By name, of the pod's namespace. */
  claim(name: string): KubeObject | undefined
}

export type EphemeralAction =
  | { type: 'create'; claim: KubeObject }
  | { type: 'say'; pod: KubeObject; message: string }

const POD_KIND = { apiVersion: 'v1', kind: 'Pod' }

export function ephemeralVolumes({ client, informers, clock, logger }: WorkloadDependencies): ControllerSpec {
  const pods = informers.for(PODS)
  const claims = informers.for(PERSISTENT_VOLUME_CLAIMS)
  const events = new EventRecorder({ client, component: 'ephemeral_volume', clock, logger })
  return defineController<ObservedPod, EphemeralAction>({
    name: 'ephemeral-volume',
    sources: [
      fromInformer(pods, (pod) => (templatesOf(pod).length === 0 ? [] : [keyOf(pod)])),
      fromInformer(claims, (claim) => {
        const owner = controllerOf(claim)
        return owner?.kind === 'Pod' ? [`${claim.metadata.namespace}/${owner.name}`] : []
      }),
    ],
    observe(key) {
      const pod = pods.store.getByKey(key)
      return pod && { pod, claim: (name) => claims.store.get(pod.metadata.namespace!, name) }
    },
    decide: decideEphemeral,
    async act(action) {
      if (action.type === 'create') {
        // One that is there is looked at when its event comes.
        await createIfAbsent(client.resource(PERSISTENT_VOLUME_CLAIMS), action.claim)
        return
      }
      const subject = { ...action.pod, ...POD_KIND }
      await events.record(subject, { type: 'Warning', reason: 'FailedBinding', message: action.message })
    },
  })
}

/** A claim of that name that belongs to someone else is never touched: the pod waits. */
export function decideEphemeral({ pod, claim }: ObservedPod): Plan<EphemeralAction> {
  if (isLeaving(pod) || isFinished(pod)) return { actions: [] }
  const actions: EphemeralAction[] = []
  for (const { name: volume, ephemeral } of templatesOf(pod)) {
    const { metadata, spec } = ephemeral.volumeClaimTemplate
    const { namespace } = pod.metadata
    const name = `${pod.metadata.name}-${volume}`
    const known = claim(name)
    if (known === undefined) {
      const { labels, annotations } = metadata ?? {}
      const own = {
        name,
        namespace: namespace!,
        ownerReferences: [controllerReference(pod, POD_KIND)],
        ...(labels && { labels }),
        ...(annotations && { annotations }),
      }
      const made = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: own, spec }
      actions.push({ type: 'create', claim: made })
    } else if (controllerOf(known)?.uid !== pod.metadata.uid) {
      const message = `ephemeral volume ${volume}: PVC ${namespace}/${name} was not created for pod ${namespace}/${pod.metadata.name} (pod is not owner)`
      actions.push({ type: 'say', pod, message })
    }
  }
  return { actions }
}

function templatesOf({ spec }: KubeObject): { name: string; ephemeral: KubeObject }[] {
  return (spec.volumes ?? []).filter(({ ephemeral }: KubeObject) => ephemeral !== undefined)
}
