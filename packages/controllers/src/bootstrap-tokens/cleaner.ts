// Deletes bootstrap tokens when they have expired.

import type { KubeObject } from '@brume/api/object'
import { SECRETS } from '@brume/client/builtin'
import { type ControllerSpec, defineController, fromInformer, type Plan } from '@brume/client/controller'
import { deleteIfPresent } from '@brume/client/writes'
import type { Dependencies } from '../dependencies.ts'
import { BOOTSTRAP_TOKEN_TYPE, expiresAt, TOKEN_NAMESPACE } from './token.ts'

export interface DeleteToken {
  type: 'delete'
  secret: KubeObject
}

export function bootstrapTokenCleaner({ client, informers }: Dependencies): ControllerSpec {
  const secrets = informers.for(SECRETS, {
    namespace: TOKEN_NAMESPACE,
    fieldSelector: `type=${BOOTSTRAP_TOKEN_TYPE}`,
  })
  return defineController<KubeObject, DeleteToken>({
    name: 'bootstrap-token-cleaner',
    sources: [fromInformer(secrets)],
    observe: (key) => secrets.store.getByKey(key),
    decide: decideExpiry,
    async act({ secret: { metadata } }) {
      const key = { namespace: TOKEN_NAMESPACE, name: metadata.name! }
      await deleteIfPresent(client.resource(SECRETS), key, { preconditions: { uid: metadata.uid! } })
    },
  })
}

export function decideExpiry(secret: KubeObject, now: number): Plan<DeleteToken> {
  const expires = expiresAt(secret)
  if (expires === undefined || secret.metadata.deletionTimestamp !== undefined) return { actions: [] }
  if (expires <= now) return { actions: [{ type: 'delete', secret }] }
  return { actions: [], requeueAfterMs: expires - now }
}
