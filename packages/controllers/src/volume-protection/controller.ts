// pvc-protection and pv-protection.

import type { KubeObject } from '@brume/api/object'
import { PERSISTENT_VOLUME_CLAIMS, PERSISTENT_VOLUMES, PODS } from '@brume/client/builtin'
import type { Client } from '@brume/client/client'
import { type ControllerSpec, defineController, fromInformer, type Source } from '@brume/client/controller'
import { keyOf, type ResourceRef } from '@brume/client/resource-ref'
import type { Dependencies } from '../dependencies.ts'
import {
  CLAIM_FINALIZER,
  decideProtection,
  type ObservedProtected,
  podUsesClaim,
  type SetFinalizers,
  VOLUME_FINALIZER,
} from './decide.ts'

const LEAVING = 'leaving'

export function claimProtection({ client, informers, monitors }: Dependencies): ControllerSpec {
  const claims = informers.for(PERSISTENT_VOLUME_CLAIMS)
  claims.addIndex(LEAVING, ({ metadata }) =>
    metadata.deletionTimestamp === undefined ? [] : [metadata.namespace!],
  )
  /** A change of any pod may free the claims of its namespace that are being deleted. */
  const pods: Source = {
    start(enqueue) {
      const look = (namespace = '') => {
        for (const claim of claims.store.byIndex(LEAVING, namespace)) enqueue(keyOf(claim))
      }
      const isPod = ({ group, plural }: ResourceRef) => group === '' && plural === 'pods'
      return monitors.listen({
        put: ({ metadata }, resource) => isPod(resource) && look(metadata.namespace),
        delete: ({ metadata }, resource) => isPod(resource) && look(metadata.namespace),
      })
    },
    synced: async () => {},
  }
  return defineController<ObservedProtected, SetFinalizers>({
    name: 'pvc-protection',
    sources: [fromInformer(claims), pods],
    async observe(key) {
      const object = claims.store.getByKey(key)
      if (object === undefined) return undefined
      return {
        object,
        inUse: object.metadata.deletionTimestamp !== undefined && (await isUsed(client, object)),
      }
    },
    decide: (observed) => decideProtection(observed, CLAIM_FINALIZER),
    act: (action) => setFinalizers(client, PERSISTENT_VOLUME_CLAIMS, action),
  })
}

export function volumeProtection({ client, informers }: Dependencies): ControllerSpec {
  const volumes = informers.for(PERSISTENT_VOLUMES)
  return defineController<ObservedProtected, SetFinalizers>({
    name: 'pv-protection',
    sources: [fromInformer(volumes)],
    observe(name) {
      const object = volumes.store.get('', name)
      return object && { object, inUse: object.status?.phase === 'Bound' }
    },
    decide: (observed) => decideProtection(observed, VOLUME_FINALIZER),
    act: (action) => setFinalizers(client, PERSISTENT_VOLUMES, action),
  })
}

/** Asks the server: a pod that is newer than what is cached must count. */
async function isUsed(client: Client, claim: KubeObject): Promise<boolean> {
  const { items } = await client.resource(PODS).listAll({ namespace: claim.metadata.namespace! })
  return items.some((pod) => podUsesClaim(pod, claim))
}

async function setFinalizers(client: Client, ref: ResourceRef, action: SetFinalizers): Promise<void> {
  const { object, finalizers } = action
  await client.resource(ref).update({ ...object, metadata: { ...object.metadata, finalizers } })
}
