// The calls that make a pod's claims find volumes on the node that was chosen: a volume that is there is reserved for its
// claim, and a claim whose volume is to be made says on which node. The binder and the provisioner do the rest.

import type { KubeObject } from '@brume/api/object'
import { PERSISTENT_VOLUME_CLAIMS, PERSISTENT_VOLUMES } from '@brume/client/builtin'
import type { Client } from '@brume/client/client'
import { SELECTED_NODE, type VolumePlan } from '@brume/scheduler/volumes'
import { reservedFor } from '../volume-binding/reserve.ts'

/** The claims as they are afterwards. Throws Conflict when one or its volume changed since the decision. */
export async function bindVolumes(
  client: Client,
  { bind, provision }: VolumePlan,
  node: string,
): Promise<KubeObject[]> {
  for (const { claim, volume } of bind) {
    await client.resource(PERSISTENT_VOLUMES).update(reservedFor(volume, claim))
  }
  const claims = bind.map(({ claim }) => claim)
  for (const claim of provision) {
    const { namespace, name, uid, resourceVersion } = claim.metadata
    const metadata = { uid, resourceVersion, annotations: { [SELECTED_NODE]: node } }
    const key = { namespace: namespace!, name: name! }
    const isSaid = claim.metadata.annotations?.[SELECTED_NODE] === node
    claims.push(
      isSaid
        ? claim
        : await client.resource(PERSISTENT_VOLUME_CLAIMS).patch(key, { type: 'merge', body: { metadata } }),
    )
  }
  return claims
}
