// What the controllers' tests against a real control plane share.

import type { KubeObject } from '@brume/api/object'
import { isStatus } from '@brume/base/errors'
import { CONFIG_MAPS, NAMESPACES } from '@brume/client/builtin'
import type { Client } from '@brume/client/client'
import type { ObjectKey, ResourceRef } from '@brume/client/resource-ref'

/** A ConfigMap: the plainest object that can own and be owned. */
export function configMap(
  name: string,
  namespace: string,
  owners: KubeObject[] = [],
  blocking = false,
): KubeObject {
  const ownerReferences = owners.map(({ apiVersion, kind, metadata }) => ({
    apiVersion,
    kind,
    name: metadata.name!,
    uid: metadata.uid!,
    blockOwnerDeletion: blocking,
  }))
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace, ownerReferences } }
}

export async function createNamespace(client: Client, name: string): Promise<KubeObject> {
  return client.resource(NAMESPACES).create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })
}

export async function createConfigMap(
  client: Client,
  ...args: Parameters<typeof configMap>
): Promise<KubeObject> {
  return client.resource(CONFIG_MAPS).create(configMap(...args))
}

export async function exists(client: Client, ref: ResourceRef, key: ObjectKey): Promise<boolean> {
  try {
    await client.resource(ref).get(key)
    return true
  } catch (error) {
    if (isStatus(error, 'NotFound')) return false
    throw error
  }
}

export const gone = async (client: Client, ref: ResourceRef, key: ObjectKey): Promise<boolean> =>
  !(await exists(client, ref, key))
