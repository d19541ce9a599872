// How a value is merged, by field or as a whole: the part of a schema that ownership and apply look at, in the form that
// walks fastest.

import { schemaFor } from '@brume/api/schema/compile'
import type { FieldSchema, ListSchema, ObjectSchema, Schema } from '@brume/api/schema/schema'

export interface MergeType {
  /**
   * leaf: scalars and whatever is atomic. struct: declared fields. map: any names. set: a list of scalars. listMap: a
   * list of objects with keys. deduced: free-form JSON, where objects are maps and the rest are leaves.
   */
  readonly kind: 'leaf' | 'struct' | 'map' | 'set' | 'listMap' | 'deduced'
  /** struct: declared fields. */
  readonly byName: ReadonlyMap<string, MergeField>
  /** struct: undeclared fields, if there may be any; map: values; lists: items. */
  readonly rest: MergeType | undefined
  /** listMap: its keys by name, with what an item without the key has. */
  readonly keys: readonly { readonly name: string; readonly fallback: unknown }[]
  readonly schema: Schema | undefined
}

export interface MergeField {
  readonly name: string
  /** `f:name` */
  readonly element: string
  /** Null means absent, as where Go decodes into a typed object. */
  readonly dropNull: boolean
  readonly type: MergeType
}

const NO_FIELDS: MergeType['byName'] = new Map()
const NONE = { byName: NO_FIELDS, rest: undefined, keys: [], schema: undefined } as const

export const LEAF: MergeType = { ...NONE, kind: 'leaf' }
export const DEDUCED: MergeType = { ...NONE, kind: 'deduced' }

const types = new WeakMap<Schema, MergeType>()

/** The merge type of a schema, made once. */
export function mergeTypeOf(schema: Schema): MergeType {
  let type = types.get(schema)
  if (type === undefined) {
    type = build(schema)
    types.set(schema, type)
  }
  return type
}

/** The type of what an element of a field path leads to; undefined where the type has no such thing. */
export function memberType(type: MergeType | undefined, element: string): MergeType | undefined {
  if (type === undefined) return undefined
  if (element.charCodeAt(0) !== 0x66) return type.kind === 'listMap' ? type.rest : undefined
  return namedType(type, element.slice(2))
}

/** The type of an object's member. */
export function namedType(type: MergeType, name: string): MergeType | undefined {
  if (type.kind === 'deduced') return type
  if (type.kind === 'struct') return type.byName.get(name)?.type ?? type.rest
  return type.kind === 'map' ? type.rest : undefined
}

function build(schema: Schema): MergeType {
  switch (schema.kind) {
    case 'scalar':
      return { ...LEAF, schema }
    case 'any':
      // Kubernetes owns a RawExtension as a whole.
      return { ...(schema.proto === 'rawExtension' ? LEAF : DEDUCED), schema }
    case 'map':
      return schema.atomic ? { ...LEAF, schema } : lazyRest({ ...NONE, kind: 'map', schema }, schema.values)
    case 'list':
      return listType(schema)
    case 'object':
      return schema.atomic ? { ...LEAF, schema } : structType(schema)
  }
}

function listType(schema: ListSchema): MergeType {
  if (schema.listType === 'atomic') return { ...LEAF, schema }
  if (schema.listType === 'set') return lazyRest({ ...NONE, kind: 'set', schema }, schema.items)
  const items = schema.items
  const keys = [...(schema.listKeys ?? [])].sort().map((name) => ({
    name,
    fallback: items.kind === 'object' ? items.fields.get(name)?.schema.default : undefined,
  }))
  return lazyRest({ ...NONE, kind: 'listMap', keys, schema }, items)
}

const EMBEDDED = 'io.k8s.apimachinery.pkg.apis.meta.v1.PartialObjectMetadata'

/** The declared fields, and for a resource within another its type and metadata too. */
function* fieldsOf(schema: ObjectSchema): Iterable<FieldSchema> {
  yield* schema.fields.values()
  if (schema.embedded) yield* schemaFor(EMBEDDED).fields.values()
}

function structType(schema: ObjectSchema): MergeType {
  const byName = new Map<string, MergeField>()
  for (const { name, schema: fieldSchema } of fieldsOf(schema)) {
    const dropNull = schema.goType !== undefined && !fieldSchema.nullable
    const field = { name, element: `f:${name}`, dropNull }
    byName.set(name, lazily(field, 'type', () => mergeTypeOf(fieldSchema)) as MergeField)
  }
  const type = { ...NONE, kind: 'struct' as const, byName, schema }
  if (schema.additional !== undefined) return lazyRest(type, schema.additional)
  return schema.preserveUnknown || byName.size === 0 ? { ...type, rest: DEDUCED } : type
}

/** Types may be recursive, so what lies below is made when it is first asked for. */
function lazyRest(type: MergeType, rest: Schema): MergeType {
  return lazily({ ...type }, 'rest', () => mergeTypeOf(rest)) as MergeType
}

function lazily(target: object, property: string, make: () => MergeType): object {
  return Object.defineProperty(target, property, {
    configurable: true,
    enumerable: true,
    get() {
      const value = make()
      Object.defineProperty(target, property, { value, enumerable: true })
      return value
    },
  })
}
