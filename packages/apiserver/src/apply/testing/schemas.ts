// Schemas for tests: the real ones of built-in kinds, and small ones written as a custom resource's would be.

import { schemaFor } from '@brume/api/schema/compile'
import type { ListSchema, MapSchema, ObjectSchema, ScalarSchema, Schema } from '@brume/api/schema/schema'

export const DEPLOYMENT = schemaFor('io.k8s.api.apps.v1.Deployment')
export const POD = schemaFor('io.k8s.api.core.v1.Pod')
export const SERVICE = schemaFor('io.k8s.api.core.v1.Service')
export const CONFIG_MAP = schemaFor('io.k8s.api.core.v1.ConfigMap')

export const text: ScalarSchema = { kind: 'scalar', scalar: 'string' }
export const integer: ScalarSchema = { kind: 'scalar', scalar: 'int64' }

export function object(fields: Record<string, Schema>, extra: Partial<ObjectSchema> = {}): ObjectSchema {
  const entries = Object.entries(fields).map(
    ([name, schema]) => [name, { name, schema, number: 0, required: false }] as const,
  )
  return { kind: 'object', fields: new Map(entries), ...extra }
}

export const map = (values: Schema): MapSchema => ({ kind: 'map', values })
export const atomicList = (items: Schema): ListSchema => ({ kind: 'list', items, listType: 'atomic' })
export const setOf = (items: Schema): ListSchema => ({ kind: 'list', items, listType: 'set' })
export const listMap = (items: Schema, ...listKeys: string[]): ListSchema => ({
  kind: 'list',
  items,
  listType: 'map',
  listKeys,
})

/** A custom kind with one of everything. */
export const WIDGET = object({
  apiVersion: text,
  kind: text,
  metadata: object({
    name: text,
    namespace: text,
    uid: text,
    labels: map(text),
    annotations: map(text),
    finalizers: setOf(text),
  }),
  spec: object({
    size: integer,
    colour: text,
    tags: setOf(text),
    ranks: setOf(integer),
    parts: listMap(object({ name: text, weight: integer, notes: map(text) }), 'name'),
    ports: listMap(
      object({ port: integer, protocol: { ...text, default: 'TCP' }, name: text }),
      'port',
      'protocol',
    ),
    steps: atomicList(text),
    limits: { ...map(text), atomic: true },
    extra: { kind: 'any' },
    open: object({ known: text }, { preserveUnknown: true }),
    nested: object({ inner: object({ value: text }) }),
  }),
  status: object({ phase: text, ready: integer }),
})

/** The same with the metadata that every kind has. */
export const DATED = object({
  ...Object.fromEntries([...WIDGET.fields].map(([name, field]) => [name, field.schema])),
  metadata: schemaFor('io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta'),
})

// biome-ignore lint/suspicious/noExplicitAny: the fields of a kind are data
export function widget(fields: Record<string, any> = {}): any {
  const { metadata, ...rest } = fields
  return {
    apiVersion: 'x.dev/v1',
    kind: 'Widget',
    metadata: { name: 'w', namespace: 'ns', ...metadata },
    ...rest,
  }
}
