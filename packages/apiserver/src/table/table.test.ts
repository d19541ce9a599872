import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import type { ResourceDefinition } from '@brume/api/resource'
import { partialMetadataListOf, partialMetadataOf, tableOf } from './table.ts'

const definition = {
  columns: [
    { name: 'Name', type: 'string', format: 'name', cell: (o: KubeObject) => o.metadata.name },
    {
      name: 'Size',
      type: 'integer',
      priority: 1,
      description: 'How big',
      cell: (o: KubeObject) => o.spec?.size,
    },
    { name: 'Age', type: 'date', cell: (_: KubeObject, now: number) => `${now}ms` },
  ],
} as unknown as ResourceDefinition

const object: KubeObject = { apiVersion: 'x/v1', kind: 'X', metadata: { name: 'a' }, spec: { size: 3 } }
const bare: KubeObject = { apiVersion: 'x/v1', kind: 'X', metadata: { name: 'b' } }

test('a row has a cell for each column, and the metadata of its object', () => {
  const listMeta = { resourceVersion: '7', remainingItemCount: 2 }
  const table = tableOf(definition, [object, bare], {
    now: 5,
    includeObject: 'Metadata',
    listMeta,
    withColumnDefinitions: true,
  })
  assert.deepEqual(table, {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: listMeta,
    columnDefinitions: [
      { name: 'Name', type: 'string', format: 'name', description: '', priority: 0 },
      { name: 'Size', type: 'integer', format: '', description: 'How big', priority: 1 },
      { name: 'Age', type: 'date', format: '', description: '', priority: 0 },
    ],
    rows: [
      {
        cells: ['a', 3, '5ms'],
        object: { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: { name: 'a' } },
      },
      {
        cells: ['b', null, '5ms'],
        object: { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: { name: 'b' } },
      },
    ],
  })
})

test('includeObject decides how much goes with a row, and v1beta1 reaches the rows', () => {
  const rows = (includeObject: 'None' | 'Object' | 'Metadata', version?: string) =>
    (
      tableOf(definition, [object], {
        now: 0,
        includeObject,
        withColumnDefinitions: false,
        ...(version === undefined ? {} : { version }),
      }) as { columnDefinitions: null; rows: { object: unknown }[] }
    ).rows[0]!.object
  assert.equal(rows('None'), null)
  assert.equal(rows('Object'), object)
  assert.deepEqual(rows('Metadata', 'v1beta1'), partialMetadataOf(object, 'v1beta1'))
})

test('columns are left out of all watch events but the first', () => {
  const table = tableOf(definition, [], { now: 0, includeObject: 'None', withColumnDefinitions: false })
  assert.deepEqual((table as { columnDefinitions: unknown }).columnDefinitions, null)
})

test('a list of metadata keeps the list metadata', () => {
  assert.deepEqual(partialMetadataListOf([object], { resourceVersion: '3' }), {
    kind: 'PartialObjectMetadataList',
    apiVersion: 'meta.k8s.io/v1',
    metadata: { resourceVersion: '3' },
    items: [{ kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: { name: 'a' } }],
  })
})
