import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import { decideMirror } from './mirror.ts'

const object = (kind: string, fields: object, metadata: object = {}): KubeObject => ({
  apiVersion: 'v1',
  kind,
  metadata: { name: 'db', namespace: 'ns', uid: 'db', ...metadata },
  ...fields,
})
const subsets = [
  {
    addresses: [{ ip: '10.9.0.1' }, { ip: 'fd00::1' }],
    notReadyAddresses: [{ ip: '10.9.0.2' }],
    ports: [{ name: 'sql', port: 5432, protocol: 'TCP' }],
  },
]
const service = object('Service', { spec: { clusterIP: '10.0.0.9' } })
const endpoints = object('Endpoints', { subsets }, { labels: { a: 'b' }, annotations: { note: 'x' } })

describe('mirrored endpoint slices', () => {
  it('repeats addresses by family, ready or not, with labels and annotations', () => {
    const { actions } = decideMirror({ endpoints, service, slices: [] })
    const made = actions.map(({ slice }) => [
      slice['addressType'],
      slice['endpoints'].map((e: { addresses: string[]; conditions: { ready: boolean } }) => [
        e.addresses[0],
        e.conditions.ready,
      ]),
    ])
    assert.deepEqual(made, [
      [
        'IPv4',
        [
          ['10.9.0.1', true],
          ['10.9.0.2', false],
        ],
      ],
      ['IPv6', [['fd00::1', true]]],
    ])
    const { labels, annotations } = actions[0]!.slice.metadata
    assert.equal(
      labels!['endpointslice.kubernetes.io/managed-by'],
      'endpointslicemirroring-controller.k8s.io',
    )
    assert.equal(labels!['a'], 'b')
    assert.deepEqual(annotations, { note: 'x' })
    const slices = actions.map(({ slice }, i) => ({
      ...slice,
      metadata: { ...slice.metadata, name: `s${i}` },
    }))
    assert.deepEqual(decideMirror({ endpoints, service, slices }).actions, [])
  })

  it('takes the copies away when nothing is to be repeated any more', () => {
    const slices = [object('EndpointSlice', { addressType: 'IPv4', endpoints: [], ports: [] })]
    const selecting = object('Service', { spec: { selector: { app: 'a' } } })
    const skipped = object(
      'Endpoints',
      { subsets },
      { labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } },
    )
    for (const observed of [
      { endpoints, service: undefined },
      { endpoints: undefined, service },
      { endpoints, service: selecting },
      { endpoints: skipped, service },
    ]) {
      const { actions } = decideMirror({ ...observed, slices })
      assert.deepEqual(
        actions.map(({ type }) => type),
        ['delete'],
      )
    }
  })
})
