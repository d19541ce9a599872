// From what a kind's file says to the complete definition that the server serves.

import type { Column, ResourceDefinition } from '../resource.ts'
import { ALL_VERBS } from '../resource.ts'
import type { ObjectSchema } from '../schema/schema.ts'
import { age } from './columns.ts'
import type { KindSource } from './define.ts'

/** The first column of almost every table. */
export const nameColumn: Column = {
  name: 'Name',
  type: 'string',
  format: 'name',
  description: 'Name of the object, unique within its namespace.',
  cell: (object) => object.metadata.name,
}

/** `schema` is that of the type named by `typeNameOf`. */
export function definitionOf(source: KindSource, schema: ObjectSchema): ResourceDefinition {
  const { typeName: _, columns, allColumns, ...rest } = source
  return {
    ...rest,
    listKind: `${source.kind}List`,
    singular: source.singular ?? source.kind.toLowerCase(),
    shortNames: source.shortNames ?? [],
    categories: source.categories ?? [],
    namespaced: source.namespaced ?? true,
    verbs: source.verbs ?? ALL_VERBS,
    schema,
    hasGeneration: source.hasGeneration ?? (schema.fields.has('spec') && schema.fields.has('status')),
    hasStatus: source.hasStatus ?? schema.fields.has('status'),
    subresources: source.subresources ?? [],
    columns: allColumns ?? [nameColumn, ...(columns ?? [age])],
    selectableFields: source.selectableFields ?? {},
    stored: source.stored ?? true,
    allowUnconditionalUpdate: source.allowUnconditionalUpdate ?? true,
  }
}

/** OpenAPI definition name of the kind's type, e.g. `io.k8s.api.apps.v1.Deployment`. */
export function typeNameOf(source: KindSource): string {
  if (source.typeName !== undefined) return source.typeName
  const group = source.group === '' ? 'core' : source.group.split('.')[0]
  return `io.k8s.api.${group}.${source.version}.${source.kind}`
}
