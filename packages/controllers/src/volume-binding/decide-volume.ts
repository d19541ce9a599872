// One volume: free, promised, or left behind by its claim.

import type { KubeObject } from '@brume/api/object'
import type { Plan } from '@brume/client/controller'
import type { VolumeAction } from './decide-claim.ts'
import { BOUND_BY_CONTROLLER } from './reserve.ts'

export interface ObservedVolume {
  volume: KubeObject
  /** The claim that it names, as the server has it now. */
  claim: KubeObject | undefined
}

export function decideVolume({ volume, claim }: ObservedVolume): Plan<VolumeAction> {
  return { actions: actionsFor(volume, claim) }
}

function actionsFor(volume: KubeObject, claim: KubeObject | undefined): VolumeAction[] {
  const reference = volume['spec'].claimRef
  // A reservation for a claim that is yet to come is free for nobody else.
  if (reference === undefined || !reference.uid) return phase(volume, 'Available')
  // A claim made anew under the name is another claim: its predecessor's data is not for it.
  if (claim === undefined || claim.metadata.uid !== reference.uid) {
    return volume['status']?.phase === 'Failed' ? [] : phase(volume, 'Released')
  }
  const named: string | undefined = claim['spec'].volumeName
  // Halfway bound: the claim's own round goes on.
  if (!named) return []
  if (named === volume.metadata.name) return phase(volume, 'Bound')
  return [unreserve(volume, reference), ...phase(volume, 'Available')]
}

/** The claim found another volume. What a person reserved stays reserved for that name. */
function unreserve(
  volume: KubeObject,
  { namespace, name }: { namespace: string; name: string },
): VolumeAction {
  const isOurs = volume.metadata.annotations?.[BOUND_BY_CONTROLLER] !== undefined
  return { type: 'unreserve', volume, claimRef: isOurs ? null : { namespace, name } }
}

function phase(volume: KubeObject, wanted: string): VolumeAction[] {
  return volume['status']?.phase === wanted ? [] : [{ type: 'volumePhase', volume, phase: wanted }]
}
