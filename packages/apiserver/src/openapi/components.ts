// The definitions that the kinds of a group version need: their own, their lists', and all that these refer to.

import type { ResourceDefinition } from '@brume/api/resource'
import { definitionNames, schemaFor } from '@brume/api/schema/compile'
import type { ObjectSchema } from '@brume/api/schema/schema'
import { customDefinition } from './custom-json.ts'
import { listDescription } from './descriptions.ts'
import {
  type Dialect,
  definitionJson,
  type Json,
  namedDefinitions,
  namesIn,
  PATCH_TYPE,
  referenceTo,
} from './schema-json.ts'

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1'
const SCALE = 'io.k8s.api.autoscaling.v1.Scale'
const GVK = 'x-kubernetes-group-version-kind'
/** Types that operations of every kind refer to. */
const COMMON = ['DeleteOptions', 'ListMeta', 'ObjectMeta', 'Status', 'WatchEvent'].map(
  (kind) => `${META}.${kind}`,
)

let known: Set<string> | undefined

export function listTypeName(definition: ResourceDefinition): string {
  const name = definition.schema.name!
  return `${name.slice(0, name.lastIndexOf('.'))}.${definition.listKind}`
}

/** OpenAPI name of the type that a subresource carries; undefined: it is not a type that is known here. */
export function typeNameOfKind(kind: { group: string; version: string; kind: string }): string | undefined {
  if (kind.group === 'autoscaling' && kind.kind === 'Scale') return SCALE
  const group = kind.group === '' ? 'core' : kind.group.split('.')[0]
  const name = `io.k8s.api.${group}.${kind.version}.${kind.kind}`
  known ??= new Set(definitionNames())
  return known.has(name) ? name : undefined
}

/** Name -> definition, sorted by name. */
export function componentsOf(
  definitions: readonly ResourceDefinition[],
  dialect: Dialect,
): Map<string, Json> {
  const found = new Map<string, Json>()
  const fixed = namedDefinitions(dialect)
  const visit = (name: string, object: ObjectSchema | undefined) => {
    if (found.has(name)) return
    if (object === undefined) {
      found.set(name, fixed[name] ?? {})
      return
    }
    found.set(name, definitionJson(object, dialect))
    for (const field of object.fields.values()) {
      for (const inner of namesIn(field.schema)) visit(inner.name, inner.object)
    }
  }
  for (const name of COMMON) visit(name, schemaFor(name))
  visit(PATCH_TYPE, undefined)
  for (const definition of definitions) {
    if (definition.scale !== undefined) visit(SCALE, schemaFor(SCALE))
    for (const { group, version, kind } of definition.subresources) {
      const name = typeNameOfKind({
        group: group ?? definition.group,
        version: version ?? definition.version,
        kind,
      })
      if (name !== undefined) visit(name, schemaFor(name))
    }
    if (definition.custom === true) found.set(definition.schema.name!, customDefinition(definition, dialect))
    else visit(definition.schema.name!, definition.schema)
    addListAndKinds(found, definition, dialect)
  }
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)))
}

function addListAndKinds(found: Map<string, Json>, definition: ResourceDefinition, dialect: Dialect): void {
  const { group, version, kind, listKind, schema } = definition
  const name = schema.name!
  found.set(name, { ...found.get(name)!, [GVK]: [{ group, kind, version }] })
  if (!definition.verbs.includes('list')) return
  found.set(listTypeName(definition), {
    description: listDescription(kind),
    type: 'object',
    required: ['items'],
    properties: {
      apiVersion: { type: 'string' },
      items: { type: 'array', items: referenceTo(name, dialect) },
      kind: { type: 'string' },
      metadata: referenceTo(`${META}.ListMeta`, dialect),
    },
    [GVK]: [{ group, kind: listKind, version }],
  })
}
