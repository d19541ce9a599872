// meta.k8s.io Table, the form in which kubectl prints objects, and PartialObjectMetadata, the form for clients that
// need no more than metadata.

import type { KubeObject } from '@brume/api/object'
import type { Column, ResourceDefinition } from '@brume/api/resource'

export interface TableOptions {
  /** Milliseconds since the epoch, for ages. */
  now: number
  /** How much of each object goes with its row. */
  includeObject: 'None' | 'Metadata' | 'Object'
  /** resourceVersion, continue and remainingItemCount of a list. */
  listMeta?: object
  /** false for every watch event but the first, as Kubernetes does; then the columns are null. */
  withColumnDefinitions: boolean
  /** `v1` (the default) or `v1beta1`. */
  version?: string
}

/** A Table with one row for each object. */
export function tableOf(
  definition: Pick<ResourceDefinition, 'columns'>,
  objects: readonly KubeObject[],
  options: TableOptions,
): object {
  const version = options.version ?? 'v1'
  const { columns } = definition
  return {
    kind: 'Table',
    apiVersion: `meta.k8s.io/${version}`,
    metadata: options.listMeta ?? {},
    columnDefinitions: options.withColumnDefinitions ? columnDefinitionsOf(columns) : null,
    rows: objects.map((object) => ({
      cells: columns.map((column) => column.cell(object, options.now) ?? null),
      object: rowObject(object, options.includeObject, version),
    })),
  }
}

/** An object's metadata alone, as an object of its own. `version` as for tableOf. */
export function partialMetadataOf(object: KubeObject, version = 'v1'): object {
  return {
    kind: 'PartialObjectMetadata',
    apiVersion: `meta.k8s.io/${version}`,
    metadata: object.metadata,
  }
}

/** A list of objects as PartialObjectMetadataList. */
export function partialMetadataListOf(
  objects: readonly KubeObject[],
  listMeta: object,
  version = 'v1',
): object {
  return {
    kind: 'PartialObjectMetadataList',
    apiVersion: `meta.k8s.io/${version}`,
    metadata: listMeta,
    items: objects.map((object) => partialMetadataOf(object, version)),
  }
}

function rowObject(
  object: KubeObject,
  include: TableOptions['includeObject'],
  version: string,
): object | null {
  if (include === 'None') return null
  return include === 'Object' ? object : partialMetadataOf(object, version)
}

interface ColumnDefinition {
  name: string
  type: string
  format: string
  description: string
  priority: number
}

const definitions = new WeakMap<readonly Column[], ColumnDefinition[]>()

function columnDefinitionsOf(columns: readonly Column[]): ColumnDefinition[] {
  let result = definitions.get(columns)
  if (result === undefined) {
    result = columns.map((column) => ({
      name: column.name,
      type: column.type,
      format: column.format ?? '',
      description: column.description ?? '',
      priority: column.priority ?? 0,
    }))
    definitions.set(columns, result)
  }
  return result
}
