// The volumes that one machine alone has: whoever uses them cannot go elsewhere.

import type { KubeObject } from '@brume/api/object'
import { NODES, PERSISTENT_VOLUMES } from '@brume/client/builtin'
import type { Client } from '@brume/client/client'
import { reaches } from '@brume/scheduler/volume-match'

export interface BoundVolume {
  volume: string
  claim: { namespace: string; name: string } | undefined
}

export async function volumesOnlyOn(client: Client, node: KubeObject): Promise<BoundVolume[]> {
  const [volumes, nodes] = await Promise.all([
    client.resource(PERSISTENT_VOLUMES).listAll(),
    client.resource(NODES).listAll(),
  ])
  const others = nodes.items.filter(({ metadata }) => metadata.name !== node.metadata.name)
  return volumes.items
    .filter((volume) => reaches(volume, node) && !others.some((other) => reaches(volume, other)))
    .filter(({ spec }) => spec?.nodeAffinity?.required !== undefined)
    .map(({ metadata, spec }) => ({ volume: metadata.name!, claim: spec?.claimRef }))
}

/** `pvc-1 (claim default/data)`. */
export function volumeText({ volume, claim }: BoundVolume): string {
  return claim === undefined ? volume : `${volume} (claim ${claim.namespace}/${claim.name})`
}

/** Its claims, whose data the volume is. */
export function claimsOf({ metadata, spec }: KubeObject): string[] {
  const volumes: { persistentVolumeClaim?: { claimName: string } }[] = spec?.volumes ?? []
  return volumes.flatMap(({ persistentVolumeClaim }) =>
    persistentVolumeClaim === undefined ? [] : `${metadata.namespace}/${persistentVolumeClaim.claimName}`,
  )
}
