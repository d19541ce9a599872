// A node gets tokens only for pods that run on it, and only bound to them.

import { notFound } from '@brume/base/errors'
import type { ObjectReader } from '../registry/reader.ts'
import type { AdmissionRequest } from './types.ts'

/** Why the node may not have the token of a TokenRequest; undefined: it may. Throws NotFound: the pod is gone. */
export function nodeTokenViolation(
  { operation, subresource, object, namespace }: AdmissionRequest,
  nodeName: string,
  reader: ObjectReader,
): string | undefined {
  if (operation !== 'CREATE' || subresource !== 'token') return undefined
  const ref: BoundObjectRef | undefined = object?.['spec']?.boundObjectRef
  if (ref?.apiVersion !== 'v1' || ref.kind !== 'Pod' || !ref.name) {
    return 'node requested token not bound to a pod'
  }
  if (!ref.uid) return 'node requested token with a pod binding without a uid'
  const pod = reader.get('', 'pods', namespace, ref.name)
  if (pod === undefined) throw notFound({ group: '', resource: 'pods', name: ref.name })
  if (pod.metadata.uid !== ref.uid) {
    return `the UID in the bound object reference (${ref.uid}) does not match the UID in record. The object might have been deleted and then recreated`
  }
  if (pod['spec']?.nodeName === nodeName) return undefined
  return 'node requested token bound to a pod scheduled on a different node'
}

interface BoundObjectRef {
  apiVersion?: string
  kind?: string
  name?: string
  uid?: string
}
