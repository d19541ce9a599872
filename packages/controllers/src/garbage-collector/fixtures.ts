// Objects and kinds for the collector's tests.

import type { DiscoveredResource } from '@brume/client/discovery'
import type { ObjectMetadata } from '../metadata/monitors.ts'

export function discovered(plural: string, kind: string, group = ''): DiscoveredResource {
  return {
    group,
    version: 'v1',
    plural,
    kind,
    namespaced: true,
    singular: '',
    shortNames: [],
    categories: [],
    verbs: ['get', 'list', 'watch', 'delete', 'deletecollection'],
    preferred: true,
    subresources: [],
  }
}

export interface OwnedOptions {
  /** Names (and uids) of ReplicaSets. */
  owners?: string[]
  blocking?: boolean
  namespace?: string
  deleting?: boolean
  finalizers?: string[]
  resourceVersion?: string
}

/** An object whose name is its uid. */
export function owned(uid: string, options: OwnedOptions = {}): ObjectMetadata {
  const {
    owners = [],
    blocking = false,
    namespace = 'ns',
    deleting,
    finalizers,
    resourceVersion = '1',
  } = options
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: uid,
      namespace,
      uid,
      resourceVersion,
      ownerReferences: owners.map((owner) => ({
        apiVersion: 'apps/v1',
        kind: 'ReplicaSet',
        name: owner,
        uid: owner,
        blockOwnerDeletion: blocking,
      })),
      ...(finalizers === undefined ? {} : { finalizers }),
      ...(deleting ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}),
    },
  }
}
