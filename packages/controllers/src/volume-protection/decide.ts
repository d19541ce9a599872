// Claims and volumes that are in use are not taken away: a finalizer holds them until nothing uses them.

import type { KubeObject } from '@brume/api/object'
import type { Plan } from '@brume/client/controller'

export const CLAIM_FINALIZER = 'kubernetes.io/pvc-protection'
export const VOLUME_FINALIZER = 'kubernetes.io/pv-protection'

export interface SetFinalizers {
  type: 'setFinalizers'
  object: KubeObject
  finalizers: string[]
}

export interface ObservedProtected {
  object: KubeObject
  inUse: boolean
}

/** Protects what stays; lets go of what is being deleted once nothing uses it. */
export function decideProtection(
  { object, inUse }: ObservedProtected,
  finalizer: string,
): Plan<SetFinalizers> {
  const finalizers = object.metadata.finalizers ?? []
  const leaving = object.metadata.deletionTimestamp !== undefined
  const held = finalizers.includes(finalizer)
  if (!leaving && !held) {
    return { actions: [{ type: 'setFinalizers', object, finalizers: [...finalizers, finalizer] }] }
  }
  if (leaving && held && !inUse) {
    const others = finalizers.filter((f) => f !== finalizer)
    return { actions: [{ type: 'setFinalizers', object, finalizers: others }] }
  }
  return { actions: [] }
}

/** As Kubernetes: pods count from when they are scheduled; an ephemeral claim's pod only until it is shut down. */
export function podUsesClaim(pod: KubeObject, claim: KubeObject): boolean {
  if (!pod.spec?.nodeName) return false
  for (const volume of pod.spec.volumes ?? []) {
    if (volume.persistentVolumeClaim?.claimName === claim.metadata.name) return true
    if (volume.ephemeral == null || isShutDown(pod)) continue
    const owned = claim.metadata.ownerReferences?.some(
      ({ uid, controller }) => controller && uid === pod.metadata.uid,
    )
    if (owned && `${pod.metadata.name}-${volume.name}` === claim.metadata.name) return true
  }
  return false
}

function isShutDown({ metadata }: KubeObject): boolean {
  return metadata.deletionTimestamp !== undefined && metadata.deletionGracePeriodSeconds === 0
}
