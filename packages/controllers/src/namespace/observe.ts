// What is left in a namespace that is being deleted, asked of the server kind by kind.

import type { KubeObject } from '@brume/api/object'
import { isStatus, StatusError } from '@brume/base/errors'
import { deepFreeze } from '@brume/base/values'
import type { Client } from '@brume/client/client'
import type { DiscoveredResource } from '@brume/client/discovery'

export interface RemainingContent {
  resource: DiscoveredResource
  count: number
  /** Those that nobody has asked to delete yet. */
  notDeleting: number
  /** One entry an object and finalizer. */
  finalizers: readonly string[]
  /** The longest grace period of pods that are being deleted. */
  graceSeconds: number
}

export interface ObservedNamespace {
  namespace: KubeObject
  remaining: readonly RemainingContent[]
  discoveryFailures: ReadonlyMap<string, string>
  /** Of the deletions tried in the last round, and of the lists of this one. */
  deletionFailures: readonly string[]
}

export async function observeNamespace(
  client: Client,
  namespace: KubeObject,
  lastFailures: readonly string[],
): Promise<ObservedNamespace> {
  if (!isEmptying(namespace)) {
    return { namespace, remaining: [], discoveryFailures: new Map(), deletionFailures: [] }
  }
  const { resources, failures } = await client.discovery.refresh()
  const remaining: RemainingContent[] = []
  const deletionFailures = [...lastFailures]
  for (const resource of resources.filter(isContent)) {
    try {
      const content = await listContent(client, resource, namespace.metadata.name!)
      if (content.count > 0) remaining.push(content)
    } catch (error) {
      // A kind that has just gone holds nothing any more.
      if (isStatus(error, 'NotFound') || isStatus(error, 'MethodNotAllowed')) continue
      if (!(error instanceof StatusError)) throw error
      deletionFailures.push(error.message)
    }
  }
  return deepFreeze({ namespace, remaining, discoveryFailures: failures, deletionFailures })
}

/** It is being deleted and its content has not been declared gone. */
export function isEmptying({ metadata, spec }: KubeObject): boolean {
  return metadata.deletionTimestamp !== undefined && (spec?.finalizers ?? []).includes('kubernetes')
}

function isContent({ namespaced, preferred, verbs }: DiscoveredResource): boolean {
  return namespaced && preferred && verbs.includes('delete') && verbs.includes('list')
}

async function listContent(
  client: Client,
  resource: DiscoveredResource,
  namespace: string,
): Promise<RemainingContent> {
  const { items } = await client.resource(resource).metadata().listAll({ namespace })
  const deleting = items.filter(({ metadata }) => metadata.deletionTimestamp !== undefined)
  return {
    resource,
    count: items.length,
    notDeleting: items.length - deleting.length,
    finalizers: items.flatMap(({ metadata }) => metadata.finalizers ?? []),
    graceSeconds: Math.max(0, ...deleting.map(({ metadata }) => metadata.deletionGracePeriodSeconds ?? 0)),
  }
}
