// Names a served resource, and the paths that lead to it.

import { apiVersionOf } from '@brume/api/resource'

export interface ResourceRef {
  group: string
  version: string
  plural: string
  namespaced: boolean
  /** Needed for `apply` and `create` of objects that do not say it themselves. */
  kind?: string
}

export interface ObjectKey {
  /** Absent or '' for cluster-scoped kinds. */
  namespace?: string
  name: string
}

/** `/api/v1` or `/apis/apps/v1`. */
export function groupVersionPath({ group, version }: { group: string; version: string }): string {
  return group === '' ? `/api/${version}` : `/apis/${apiVersionOf(group, version)}`
}

/** Path of the collection in `namespace`, or ('' or undefined) of all namespaces. */
export function collectionPath(ref: ResourceRef, namespace: string | undefined): string {
  const base = groupVersionPath(ref)
  if (!ref.namespaced || namespace === undefined || namespace === '') return `${base}/${ref.plural}`
  return `${base}/namespaces/${encodeURIComponent(namespace)}/${ref.plural}`
}

/** Path of one object, or of a subresource of it. */
export function objectPath(ref: ResourceRef, key: ObjectKey, subresource?: string): string {
  const path = `${collectionPath(ref, key.namespace)}/${encodeURIComponent(key.name)}`
  return subresource === undefined ? path : `${path}/${subresource}`
}

/** `pods.v1`, `deployments.v1.apps`: a stable text for maps, logs and metrics. */
export function refText({ group, version, plural }: ResourceRef): string {
  return group === '' ? `${plural}.${version}` : `${plural}.${version}.${group}`
}

/** `namespace/name`, or `name` for cluster-scoped objects: the usual key of stores and queues. */
export function keyOf(object: { metadata: { namespace?: string; name?: string } }): string {
  const { namespace, name } = object.metadata
  return namespace === undefined || namespace === '' ? name! : `${namespace}/${name}`
}

export function parseKey(key: string): { namespace: string; name: string } {
  const slash = key.indexOf('/')
  return slash < 0
    ? { namespace: '', name: key }
    : { namespace: key.slice(0, slash), name: key.slice(slash + 1) }
}
