// Between the store's bytes and objects: keys, and the parsed form that hangs on an entry. Objects are parsed when
// somebody looks inside, frozen and shared; only their labels are kept, so that memory holds bytes and not trees.

import type { KubeObject } from '@brume/api/object'
import type { ResourceDefinition } from '@brume/api/resource'
import { parseOwnJson, stringifyJson } from '@brume/base/json'
import { deepFreeze } from '@brume/base/values'
import type { Entry } from '@brume/store/contract'

interface Attachment {
  weak: WeakRef<KubeObject>
  labels: Readonly<Record<string, string>> | undefined
}

const buckets = new WeakMap<ResourceDefinition, string>()

/** `pods`, `deployments.apps`: the bucket of the storage version. */
export function bucketOf(definition: ResourceDefinition): string {
  let bucket = buckets.get(definition)
  if (bucket === undefined) {
    const group = definition.conversion?.storageGroup ?? definition.group
    bucket = group === '' ? definition.plural : `${definition.plural}.${group}`
    buckets.set(definition, bucket)
  }
  return bucket
}

export function keyOf(definition: ResourceDefinition, namespace: string, name: string): string {
  const bucket = bucketOf(definition)
  return definition.namespaced ? `${bucket}/${namespace}/${name}` : `${bucket}/${name}`
}

/** Prefix of all keys of a namespace, or ('') of all. */
export function prefixOf(definition: ResourceDefinition, namespace: string): string {
  const bucket = bucketOf(definition)
  return definition.namespaced && namespace !== '' ? `${bucket}/${namespace}/` : `${bucket}/`
}

/** The object of the entry in its storage version, frozen and shared. */
export function objectOf(entry: Entry): KubeObject {
  const known = (entry.attachment as Attachment | undefined)?.weak.deref()
  if (known !== undefined) return known
  const object = deepFreeze(parseOwnJson(entry.value)) as KubeObject
  entry.attachment = attachmentOf(object)
  return object
}

/** Labels without parsing again. */
export function labelsOf(entry: Entry): Readonly<Record<string, string>> {
  let attachment = entry.attachment as Attachment | undefined
  if (attachment === undefined) {
    objectOf(entry)
    attachment = entry.attachment as Attachment
  }
  return attachment.labels ?? NO_LABELS
}

const NO_LABELS: Readonly<Record<string, string>> = Object.freeze({})

/**
 * Sets the revision in `object`, freezes it and gives the exact-size bytes that the store keeps. The object must not
 * be changed afterwards.
 */
export function encodeEntry(object: KubeObject, revision: number): { value: Buffer; attachment: unknown } {
  object.metadata.resourceVersion = String(revision)
  const value = exactBytes(stringifyJson(object))
  deepFreeze(object)
  return { value, attachment: attachmentOf(object) }
}

/** UTF-8 bytes outside Node's shared 8 KB pool, so that a kept buffer pins nothing else. */
export function exactBytes(text: string): Buffer {
  const bytes = Buffer.allocUnsafeSlow(Buffer.byteLength(text))
  bytes.write(text)
  return bytes
}

function attachmentOf(object: KubeObject): Attachment {
  return { weak: new WeakRef(object), labels: object.metadata.labels }
}
