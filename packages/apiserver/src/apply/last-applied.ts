// The annotation that client-side `kubectl apply` keeps its configuration in: server-side apply by kubectl takes over its
// fields without a conflict, and keeps it up to date where it is.

import type { KubeObject } from '@brume/api/object'
import type { ObjectSchema } from '@brume/api/schema/schema'
import { parseJson } from '@brume/base/json'
import { isObject, type JsonObject } from '../patch/json-object.ts'
import { compare } from './compare.ts'
import { difference, type FieldSet } from './field-set.ts'
import { fieldSetOf } from './field-set-of.ts'
import { scalarJson } from './path-element.ts'

export const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration'

/** As apimachinery: all annotations of an object together. */
const MAX_ANNOTATION_BYTES = 256 * 1024

/**
 * The fields whose live value still is what client-side apply last wrote: kubectl may take these over. undefined when
 * there is no annotation of this version to go by.
 */
export function fieldsLastApplied(
  live: KubeObject,
  apiVersion: string,
  schema: ObjectSchema,
): FieldSet | undefined {
  const text = live.metadata.annotations?.[LAST_APPLIED]
  if (!text) return undefined
  const applied = parsed(text)
  if (!isObject(applied) || applied['apiVersion'] !== apiVersion) return undefined
  const { added, modified, removed } = compare(applied, live, schema)
  return [added, modified, removed].reduce(difference, fieldSetOf(applied, schema))
}

function parsed(text: string): unknown {
  try {
    return parseJson(text).value
  } catch {
    return undefined
  }
}

/** `object` with the annotation set to `config`, when it has one. It is dropped when it would grow too large. */
export function withLastApplied(object: KubeObject, config: KubeObject): KubeObject {
  const annotations = object.metadata.annotations
  if (!annotations?.[LAST_APPLIED]) return object
  const text = lastAppliedText(config)
  if (annotations[LAST_APPLIED] === text) return object
  const updated = { ...annotations, [LAST_APPLIED]: text }
  if (bytesOf(updated) > MAX_ANNOTATION_BYTES) delete (updated as JsonObject)[LAST_APPLIED]
  return { ...object, metadata: { ...object.metadata, annotations: updated } }
}

function bytesOf(annotations: Record<string, string>): number {
  let bytes = 0
  for (const [name, value] of Object.entries(annotations)) {
    bytes += Buffer.byteLength(name) + Buffer.byteLength(value)
  }
  return bytes
}

/** The configuration as Go encodes it: names in order, a newline at the end, without the annotation itself. */
function lastAppliedText(config: KubeObject): string {
  const { metadata } = config
  const { [LAST_APPLIED]: _, ...annotations } = metadata.annotations ?? {}
  const stripped =
    metadata.annotations == null ? config : { ...config, metadata: { ...metadata, annotations } }
  return `${sortedJson(stripped)}\n`
}

function sortedJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(sortedJson).join()}]`
  if (!isObject(value)) return scalarJson(value)
  const members = Object.keys(value)
    .filter((name) => value[name] !== undefined)
    .sort()
    .map((name) => `${scalarJson(name)}:${sortedJson(value[name])}`)
  return `{${members.join()}}`
}
