// A node gets tokens only for pods that run on it, and only bound to them.

import type { ObjectReader } from '../../registry/reader.ts'

export interface NodeTokenRequest {
  /** spec.boundObjectRef of the TokenRequest. */
  ref: { apiVersion?: string; kind?: string; name?: string; uid?: string } | undefined
  namespace: string
  nodeName: string
  reader: ObjectReader
}

/** Why the node may not have it; undefined: it may. `no such pod`: the pod is gone, which is NotFound. */
export function nodeTokenViolation({
  ref,
  namespace,
  nodeName,
  reader,
}: NodeTokenRequest): string | undefined {
  if (ref?.apiVersion !== 'v1' || ref.kind !== 'Pod' || !ref.name) {
    return 'node requested token not bound to a pod'
  }
  if (!ref.uid) return 'node requested token with a pod binding without a uid'
  const pod = reader.get('', 'pods', namespace, ref.name)
  if (pod === undefined) return 'no such pod'
  if (pod.metadata.uid !== ref.uid) {
    return `the UID in the bound object reference (${ref.uid}) does not match the UID in record. The object might have been deleted and then recreated`
  }
  if (pod['spec']?.nodeName === nodeName) return undefined
  return 'node requested token bound to a pod scheduled on a different node'
}
