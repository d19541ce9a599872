// A local volume that nobody uses any more. Its directory is on a node, so its going takes three steps, each seen in the
// API: the volume is being deleted; its node is told to clear it; the node has cleared it, and the volume goes.

import { CLEARING, FINALIZER, PROVISIONED_BY, PROVISIONER, TO_CLEAR } from '@brume/api/local-volumes'
import type { KubeObject } from '@brume/api/object'
import type { Plan } from '@brume/client/controller'

export interface ObservedVolume {
  volume: KubeObject
  /** The one whose directory it is; undefined: it went, and the directory with it. */
  node: KubeObject | undefined
}

export type ReclaimAction =
  | { type: 'delete' | 'markClearing' | 'letGo'; volume: KubeObject }
  | { type: 'tellNode'; node: KubeObject; names: string[] }

export function decideReclaim({ volume, node }: ObservedVolume): Plan<ReclaimAction> {
  return { actions: actionsFor(volume, node) }
}

/** The value of the node's hostname label. */
export function hostnameOf({ spec }: KubeObject): string | undefined {
  return spec.nodeAffinity?.required?.nodeSelectorTerms?.[0]?.matchExpressions?.[0]?.values?.[0]
}

export function toClear(node: KubeObject): string[] {
  const text = node.metadata.annotations?.[TO_CLEAR] ?? ''
  return text === '' ? [] : text.split(',')
}

function actionsFor(volume: KubeObject, node: KubeObject | undefined): ReclaimAction[] {
  const { name, annotations, finalizers = [], deletionTimestamp } = volume.metadata
  if (annotations?.[PROVISIONED_BY] !== PROVISIONER) return []
  if (deletionTimestamp === undefined) {
    const isOver =
      volume['status']?.phase === 'Released' && volume['spec'].persistentVolumeReclaimPolicy === 'Delete'
    return isOver ? [{ type: 'delete', volume }] : []
  }
  // Someone else holds it (it is bound, for one): the directory stays as long.
  if (finalizers.length !== 1 || finalizers[0] !== FINALIZER) return []
  // What a person retains is the person's: the object goes, the directory stays.
  if (volume['spec'].persistentVolumeReclaimPolicy !== 'Delete' || node === undefined) {
    return [{ type: 'letGo', volume }]
  }
  const names = toClear(node)
  if (annotations[CLEARING] === undefined) {
    const tell: ReclaimAction[] = names.includes(name!)
      ? []
      : [{ type: 'tellNode', node, names: [...names, name!] }]
    return [...tell, { type: 'markClearing', volume }]
  }
  return names.includes(name!) ? [] : [{ type: 'letGo', volume }]
}
