// ResourceQuota.status: what a namespace uses of what it may. (Admission keeps its own exact account; this is for
// people to look at.)

import type { KubeObject } from '@brume/api/object'
import { type QuotaStatus, quotaStatus } from '@brume/api/quota/quota-status'
import { type GroupPlural, kindsCountedBy } from '@brume/api/quota/usage'
import { deepEqual } from '@brume/base/values'
import { RESOURCE_QUOTAS } from '@brume/client/builtin'
import type { Client } from '@brume/client/client'
import {
  type ControllerSpec,
  defineController,
  fromInformer,
  type Plan,
  type Source,
} from '@brume/client/controller'
import { keyOf } from '@brume/client/resource-ref'
import type { Dependencies } from '../dependencies.ts'
import type { MetadataMonitors } from '../metadata/monitors.ts'

export interface ObservedQuota {
  quota: KubeObject
  /** By `plural.group`: the objects of the namespace that may count. */
  objects: ReadonlyMap<string, readonly KubeObject[]>
}

export interface SetQuotaStatus {
  type: 'setStatus'
  quota: KubeObject
  status: QuotaStatus
}

/** Changes of this time are counted together: a Deployment that grows by a hundred pods is counted a few times. */
const SETTLE_MS = 250
/** Kinds that are counted by what they ask for; of all others the number is enough. */
const MEASURED = ['pods', 'services', 'persistentvolumeclaims']

export function quotaController({ client, informers, monitors }: Dependencies): ControllerSpec {
  const quotas = informers.for(RESOURCE_QUOTAS)
  const content: Source = {
    start(enqueue) {
      const changed = (namespace: string | undefined, of: GroupPlural) => {
        if (namespace === undefined || quotas.store.size === 0) return
        for (const quota of quotas.store.list(namespace)) {
          if (counts(quota, of)) enqueue(keyOf(quota), SETTLE_MS)
        }
      }
      return monitors.listen({
        put: ({ metadata }, resource) => changed(metadata.namespace, resource),
        delete: ({ metadata }, resource) => changed(metadata.namespace, resource),
      })
    },
    synced: () => monitors.synced(),
  }
  return defineController<ObservedQuota, SetQuotaStatus>({
    name: 'resource-quota',
    sources: [fromInformer(quotas), content],
    async observe(key) {
      const quota = quotas.store.getByKey(key)
      return quota && { quota, objects: await countedObjects(client, monitors, quota) }
    },
    decide: decideQuota,
    async act({ quota, status }) {
      await client.resource(RESOURCE_QUOTAS).updateStatus({ ...quota, status })
    },
  })
}

export function decideQuota({ quota, objects }: ObservedQuota, now: number): Plan<SetQuotaStatus> {
  if (quota.metadata.deletionTimestamp !== undefined) return { actions: [] }
  const status = quotaStatus(quota, (of) => objects.get(idOf(of)) ?? [], now)
  if (deepEqual(status, quota.status)) return { actions: [] }
  return { actions: [{ type: 'setStatus', quota, status }] }
}

function counts(quota: KubeObject, { group, plural }: GroupPlural): boolean {
  const kinds = kindsCountedBy(Object.keys(quota.spec?.hard ?? {}))
  return kinds.some((kind) => kind.group === group && kind.plural === plural)
}

async function countedObjects(
  client: Client,
  monitors: MetadataMonitors,
  quota: KubeObject,
): Promise<ObservedQuota['objects']> {
  const objects = new Map<string, readonly KubeObject[]>()
  for (const of of kindsCountedBy(Object.keys(quota.spec?.hard ?? {}))) {
    const served = monitors.served.find(
      (r) => r.preferred && r.namespaced && r.group === of.group && r.plural === of.plural,
    )
    if (served === undefined) continue
    const resource = client.resource(served)
    const measured = of.group === '' && MEASURED.includes(of.plural)
    const namespace = quota.metadata.namespace!
    const { items } = await (measured ? resource : resource.metadata()).listAll({ namespace })
    objects.set(idOf(of), items)
  }
  return objects
}

function idOf({ group, plural }: GroupPlural): string {
  return `${plural}.${group}`
}
