// Deletes the leases by which API servers said that they live, once these have expired.

import type { KubeObject } from '@brume/api/object'
import { LEASES } from '@brume/client/builtin'
import { type ControllerSpec, defineController, fromInformer, type Plan } from '@brume/client/controller'
import { deleteIfPresent } from '@brume/client/writes'
import type { Dependencies } from '../dependencies.ts'

export interface DeleteLease {
  type: 'delete'
  lease: KubeObject
}

const SELECTION = {
  namespace: 'kube-system',
  labelSelector: 'apiserver.kubernetes.io/identity=kube-apiserver',
}
/** A server that is merely slow gets its lease back in time (Kubernetes looks once an hour). */
const GRACE_MS = 3_600_000

export function leaseCleaner({ client, informers }: Dependencies): ControllerSpec {
  const leases = informers.for(LEASES, SELECTION)
  return defineController<KubeObject, DeleteLease>({
    name: 'lease-cleaner',
    sources: [fromInformer(leases)],
    observe: (key) => leases.store.getByKey(key),
    decide: decideLease,
    async act({ lease: { metadata } }) {
      const preconditions = { uid: metadata.uid!, resourceVersion: metadata.resourceVersion! }
      const key = { namespace: metadata.namespace!, name: metadata.name! }
      await deleteIfPresent(client.resource(LEASES), key, { preconditions })
    },
  })
}

/** A lease without a time or a duration has expired, as in Kubernetes. */
export function decideLease(lease: KubeObject, now: number): Plan<DeleteLease> {
  const renewedAt = Date.parse(lease.spec?.renewTime ?? '')
  const durationMs = Number(lease.spec?.leaseDurationSeconds ?? Number.NaN) * 1000
  const leftMs = renewedAt + durationMs + GRACE_MS - now
  return leftMs > 0 ? { actions: [], requeueAfterMs: leftMs } : { actions: [{ type: 'delete', lease }] }
}
