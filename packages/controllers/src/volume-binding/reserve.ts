// A volume that is promised to a claim.

import type { KubeObject } from '@brume/api/object'

/** On volumes and claims: the binding was this controller's choice, not a person's. */
export const BOUND_BY_CONTROLLER = 'pv.kubernetes.io/bound-by-controller'

/** The volume with a reference to the claim; written with its resourceVersion, so that two claims never get one volume. */
export function reservedFor(volume: KubeObject, { metadata }: KubeObject): KubeObject {
  const { namespace, name, uid, resourceVersion } = metadata
  const claimRef = { kind: 'PersistentVolumeClaim', apiVersion: 'v1', namespace, name, uid, resourceVersion }
  const isChosen = volume['spec'].claimRef === undefined
  const annotations = {
    ...volume.metadata.annotations,
    ...(isChosen ? { [BOUND_BY_CONTROLLER]: 'yes' } : {}),
  }
  return {
    ...volume,
    metadata: { ...volume.metadata, ...(Object.keys(annotations).length === 0 ? {} : { annotations }) },
    spec: { ...volume['spec'], claimRef },
  }
}
