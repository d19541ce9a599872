// Objects inside custom resources that are API objects themselves (x-kubernetes-embedded-resource): their apiVersion,
// kind and metadata follow the rules of every object.

import { type FieldError, invalid, required } from '../field-error.ts'
import type { KubeObject } from '../object.ts'
import { schemaFor } from '../schema/compile.ts'
import { DecodeError, decodeBuiltin } from '../schema/decode.ts'
import type { ObjectSchema, Schema } from '../schema/schema.ts'
import { validateObjectMeta } from '../validate/metadata.ts'
import { isDNS1035Label, isPathSegmentName } from '../validate/names.ts'

const OBJECT_META = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta'

/** The object's metadata decoded; throws DecodeError when a field of it is of the wrong type. */
export function decodeMetadata(metadata: unknown): {
  value: KubeObject['metadata']
  unknownFields: string[]
} {
  const { value, unknownFields } = decodeBuiltin(metadata ?? {}, schemaFor(OBJECT_META))
  const decoded = value as unknown as KubeObject['metadata']
  if (decoded.creationTimestamp === null) delete decoded.creationTimestamp
  return { value: decoded, unknownFields }
}

/**
 * Decodes the metadata of every embedded object in place. Returns the paths of the unknown fields that were removed;
 * what is malformed stays, for validation to refuse.
 */
export function decodeEmbedded(value: unknown, schema: Schema, path = ''): string[] {
  const unknownFields: string[] = []
  eachEmbedded(value, schema, path, (object, at) => {
    if (object['metadata'] === undefined) return
    const decoded = tryDecode(object['metadata'])
    if (typeof decoded === 'string') return
    object['metadata'] = decoded.value
    unknownFields.push(
      ...decoded.unknownFields.map((field) => `${at === '' ? '' : `${at}.`}metadata.${field}`),
    )
  })
  return unknownFields
}

export function validateEmbedded(value: unknown, schema: Schema, path: string): FieldError[] {
  const errors: FieldError[] = []
  eachEmbedded(value, schema, path, (object, at) => {
    errors.push(...validateTypeAndMeta(object, at))
  })
  return errors
}

/** apiVersion, kind and metadata of one object at `path`. */
export function validateTypeAndMeta(object: Record<string, unknown>, path: string): FieldError[] {
  const at = (name: string) => (path === '' ? name : `${path}.${name}`)
  const errors: FieldError[] = []
  const { apiVersion, kind } = object
  if (apiVersion === undefined) errors.push(required(at('apiVersion')))
  if (kind === undefined) errors.push(required(at('kind')))
  if (apiVersion !== undefined) {
    const detail = apiVersionError(apiVersion)
    if (detail !== undefined) errors.push(invalid(at('apiVersion'), apiVersion, detail))
  }
  if (kind !== undefined) {
    const detail = kindError(kind)
    if (detail !== undefined) errors.push(invalid(at('kind'), kind, detail))
  }
  if (object['metadata'] !== undefined) errors.push(...validateMetadata(object['metadata'], at('metadata')))
  return errors
}

function apiVersionError(apiVersion: unknown): string | undefined {
  if (typeof apiVersion !== 'string') return 'must be a string'
  if (apiVersion === '') return 'must not be empty'
  return apiVersion.split('/').length > 2 ? `unexpected GroupVersion string: ${apiVersion}` : undefined
}

function kindError(kind: unknown): string | undefined {
  if (typeof kind !== 'string') return 'must be a string'
  if (kind === '') return 'must not be empty'
  const errors = isDNS1035Label(kind.toLowerCase())
  return errors.length === 0
    ? undefined
    : `may have mixed case, but should otherwise match: ${errors.join(',')}`
}

function validateMetadata(metadata: unknown, path: string): FieldError[] {
  const decoded = tryDecode(metadata)
  if (typeof decoded === 'string') return [invalid(path, metadata, decoded)]
  const meta = decoded.value
  const object: KubeObject = {
    apiVersion: '',
    kind: '',
    metadata: { ...meta, name: meta.name || 'fakename' },
  }
  const errors = validateObjectMeta(object, {
    namespaced: Boolean(meta.namespace),
    validateName: isPathSegmentName,
  })
  return errors.map((error) => ({ ...error, field: `${path}${error.field.slice('metadata'.length)}` }))
}

function tryDecode(metadata: unknown): ReturnType<typeof decodeMetadata> | string {
  try {
    return decodeMetadata(metadata)
  } catch (error) {
    if (error instanceof DecodeError) return error.message
    throw error
  }
}

type Visit = (object: Record<string, unknown>, path: string) => void

function eachEmbedded(value: unknown, schema: Schema, path: string, visit: Visit): void {
  if (typeof value !== 'object' || value === null || !mayEmbed(schema)) return
  if (Array.isArray(value)) {
    if (schema.kind !== 'list') return
    for (const [i, item] of value.entries()) eachEmbedded(item, schema.items, `${path}[${i}]`, visit)
    return
  }
  const object = value as Record<string, unknown>
  if (schema.kind === 'object' && schema.embedded === true) visit(object, path)
  for (const [key, child] of Object.entries(object)) {
    const field = schema.kind === 'object' ? schema.fields.get(key) : undefined
    if (field !== undefined) eachEmbedded(child, field.schema, path === '' ? key : `${path}.${key}`, visit)
    else if (schema.kind === 'map') eachEmbedded(child, schema.values, `${path}[${key}]`, visit)
    else if (schema.kind === 'object' && schema.additional !== undefined) {
      eachEmbedded(child, schema.additional, `${path}[${key}]`, visit)
    }
  }
}

const embedding = new WeakMap<Schema, boolean>()

/** Whether the schema or one inside it is an embedded resource; most are not, and their values are not walked. */
function mayEmbed(schema: Schema): boolean {
  const known = embedding.get(schema)
  if (known !== undefined) return known
  const found = childrenOf(schema).some(mayEmbed) || (schema.kind === 'object' && schema.embedded === true)
  embedding.set(schema, found)
  return found
}

function childrenOf(schema: Schema): Schema[] {
  if (schema.kind === 'list') return [schema.items]
  if (schema.kind === 'map') return [schema.values]
  if (schema.kind !== 'object') return []
  const children = [...(schema as ObjectSchema).fields.values()].map((field) => field.schema)
  return schema.additional === undefined ? children : [...children, schema.additional]
}
