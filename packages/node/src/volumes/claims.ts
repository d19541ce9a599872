// persistentVolumeClaim and ephemeral: which persistent volume they stand for, and whether this node can offer it.

import type { KubeObject } from '@brume/api/object'
import type { Json } from '@brume/api/validate/json'
import { isStatus } from '@brume/base/errors'
import { PERSISTENT_VOLUME_CLAIMS, PERSISTENT_VOLUMES } from '@brume/client/builtin'
import type { Client } from '@brume/client/client'
import type { Pod } from '../contract.ts'

export interface BoundVolume {
  volume: KubeObject
  /** The claim was mounted for reading. */
  readOnly: boolean
}

/** The volume has no claim that could be mounted; the message says which and why. */
export class ClaimError extends Error {
  override name = 'ClaimError'
}

/** `source`: the pod's volume. Throws ClaimError, StatusError, TransportError. */
export async function boundVolume(client: Client, pod: Pod, source: Json): Promise<BoundVolume> {
  const { namespace = '', name: podName } = pod.metadata
  const name = source.ephemeral ? `${podName}-${source.name}` : source.persistentVolumeClaim.claimName
  const claim = await found(() => client.resource(PERSISTENT_VOLUME_CLAIMS).get({ namespace, name }))
  if (claim === undefined) throw new ClaimError(`persistentvolumeclaim ${JSON.stringify(name)} not found`)
  const text = `${namespace}/${name}`
  if (source.ephemeral && !isOwnedBy(claim, pod)) {
    throw new ClaimError(`PVC ${text} was not created for pod ${namespace}/${podName} (pod is not owner)`)
  }
  if (claim.metadata.deletionTimestamp !== undefined) {
    throw new ClaimError(`can't start pod because PVC ${text} is being deleted`)
  }
  const volumeName: string = claim['spec'].volumeName ?? ''
  if (claim['status']?.phase !== 'Bound' || volumeName === '')
    throw new ClaimError(`PVC ${text} is not bound`)
  const volume = await found(() => client.resource(PERSISTENT_VOLUMES).get({ name: volumeName }))
  if (volume === undefined) throw new ClaimError(`persistentvolume ${JSON.stringify(volumeName)} not found`)
  if (volume['spec'].claimRef?.uid !== claim.metadata.uid) {
    throw new ClaimError(`PV ${volumeName} is bound to another claim than PVC ${text}`)
  }
  return { volume, readOnly: source.persistentVolumeClaim?.readOnly === true }
}

function isOwnedBy(claim: KubeObject, pod: Pod): boolean {
  const owners = claim.metadata.ownerReferences ?? []
  return owners.some(({ uid, controller }) => controller === true && uid === pod.metadata.uid)
}

async function found(get: () => Promise<KubeObject>): Promise<KubeObject | undefined> {
  try {
    return await get()
  } catch (error) {
    if (isStatus(error, 'NotFound')) return undefined
    throw error
  }
}
