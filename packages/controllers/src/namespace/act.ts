// One call an action. A deletion that is refused is remembered for the namespace's conditions; the others go on.

import { isStatus, StatusError } from '@brume/base/errors'
import { NAMESPACES } from '@brume/client/builtin'
import type { Client } from '@brume/client/client'
import type { DiscoveredResource } from '@brume/client/discovery'
import { deleteIfPresent } from '@brume/client/writes'
import type { NamespaceAction } from './decide.ts'

export async function actOnNamespace(
  client: Client,
  failures: Map<string, string[]>,
  action: NamespaceAction,
): Promise<void> {
  const { namespace } = action
  const name = namespace.metadata.name!
  const namespaces = client.resource(NAMESPACES)
  switch (action.type) {
    case 'deleteContent':
      try {
        await deleteContent(client, action.resource, name)
      } catch (error) {
        if (!(error instanceof StatusError)) throw error
        failures.set(name, [...(failures.get(name) ?? []), error.message])
      }
      return
    case 'setStatus': {
      const conditions = action.conditions ?? namespace.status?.conditions
      const status = { ...namespace.status, phase: 'Terminating', conditions }
      // The whole status, decided on this very state of the namespace.
      await namespaces.updateStatus({ ...namespace, status })
      return
    }
    case 'finalize': {
      const finalizers = (namespace.spec?.finalizers ?? []).filter((f: string) => f !== 'kubernetes')
      // Without resourceVersion: the conditions may have been written just before.
      const metadata = { ...namespace.metadata, resourceVersion: undefined }
      const body = { ...namespace, metadata, spec: { ...namespace.spec, finalizers } }
      try {
        await namespaces.updateSubresource({ name }, 'finalize', body)
      } catch (error) {
        if (!isStatus(error, 'NotFound')) throw error
      }
    }
  }
}

async function deleteContent(client: Client, resource: DiscoveredResource, namespace: string): Promise<void> {
  const objects = client.resource(resource)
  const propagationPolicy = 'Background' as const
  if (resource.verbs.includes('deletecollection')) {
    await objects.deleteCollection({ namespace, delete: { propagationPolicy } })
    return
  }
  const { items } = await objects.metadata().listAll({ namespace })
  for (const { metadata } of items) {
    await deleteIfPresent(objects, { namespace, name: metadata.name! }, { propagationPolicy })
  }
}
