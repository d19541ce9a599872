// Sees to it that the kinds of the Gateway API are there. What somebody else has written over ours, such as the official
// definitions of a newer release, is theirs from then on.

import type { KubeObject } from '@brume/api/object'
import { isStatus } from '@brume/base/errors'
import { CUSTOM_RESOURCE_DEFINITIONS } from '@brume/client/builtin'
import type { Client } from '@brume/client/client'
import { BACKEND_TLS_POLICY } from './backend-tls-policy.ts'
import { definitionObject, specHash, WRITTEN } from './definition.ts'
import { GATEWAY } from './gateway.ts'
import { GATEWAY_CLASS } from './gateway-class.ts'
import { GRPC_ROUTE } from './grpc-route.ts'
import { HTTP_ROUTE } from './http-route.ts'
import { REFERENCE_GRANT } from './reference-grant.ts'
import { TCP_ROUTE, TLS_ROUTE } from './stream-routes.ts'

const DEFINITIONS = [
  GATEWAY_CLASS,
  GATEWAY,
  HTTP_ROUTE,
  GRPC_ROUTE,
  REFERENCE_GRANT,
  TLS_ROUTE,
  TCP_ROUTE,
  BACKEND_TLS_POLICY,
]

export function gatewayApiDefinitions(): KubeObject[] {
  return DEFINITIONS.map(definitionObject)
}

/** Idempotent. Gives how many kinds there are to be. Throws StatusError. */
export async function ensureDefinitions(client: Client): Promise<number> {
  const resource = client.resource(CUSTOM_RESOURCE_DEFINITIONS)
  for (const wanted of gatewayApiDefinitions()) {
    const name = wanted.metadata.name!
    const existing = await resource.get({ name }).catch((error) => {
      if (isStatus(error, 'NotFound')) return undefined
      throw error
    })
    const change = decideDefinition(existing, wanted)
    try {
      if (change?.type === 'create') await resource.create(change.object)
      else if (change?.type === 'update') await resource.update(change.object)
    } catch (error) {
      // Somebody wrote it at this moment: then it is theirs, or the next start will see.
      if (!isStatus(error, 'AlreadyExists') && !isStatus(error, 'Conflict')) throw error
    }
  }
  return DEFINITIONS.length
}

/** undefined: nothing is to be done. */
export function decideDefinition(
  existing: KubeObject | undefined,
  wanted: KubeObject,
): { type: 'create' | 'update'; object: KubeObject } | undefined {
  if (existing === undefined) return { type: 'create', object: wanted }
  if (existing.metadata.deletionTimestamp !== undefined) return undefined
  const written = existing.metadata.annotations?.[WRITTEN]
  if (written === undefined || written !== specHash(existing['spec'])) return undefined
  if (written === wanted.metadata.annotations?.[WRITTEN]) return undefined
  const annotations = { ...existing.metadata.annotations, ...wanted.metadata.annotations }
  return {
    type: 'update',
    object: { ...existing, metadata: { ...existing.metadata, annotations }, spec: wanted['spec'] },
  }
}
