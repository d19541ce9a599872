import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import type { ObjectChange, ObjectReader } from '../registry/reader.ts'
import { parseIpv4Range } from './ipv4.ts'
import { serviceAllocator } from './service.ts'

function fixture(cidr = '10.96.0.0/29', nodePorts = { first: 30000, last: 30001 }) {
  let listener: (change: ObjectChange) => void = () => {}
  const reader: ObjectReader = {
    get: () => undefined,
    list: () => [],
    onChange: (_group, _plural, fn) => {
      listener = fn
      return () => {}
    },
  }
  const allocator = serviceAllocator(reader, { addresses: parseIpv4Range(cidr), nodePorts })
  return { allocator, changed: (change: ObjectChange) => listener(change) }
}

function service(spec: object): KubeObject {
  return { apiVersion: 'v1', kind: 'Service', metadata: { name: 'a' }, spec: { type: 'ClusterIP', ...spec } }
}

test('gives each Service an address of the range, and none twice, until the range is full', () => {
  const { allocator } = fixture()
  const seen = new Set<string>()
  for (let i = 0; i < 6; i++) {
    const one = service({})
    allocator.allocate(one, undefined)
    seen.add(one['spec'].clusterIP)
    assert.deepEqual(one['spec'].clusterIPs, [one['spec'].clusterIP])
  }
  assert.equal(seen.size, 6)
  assert.throws(() => allocator.allocate(service({}), undefined), /range is full/)
})

test('gives back what a failed write was given', () => {
  const { allocator } = fixture()
  const undo = allocator.allocate(service({ clusterIP: '10.96.0.3' }), undefined)
  assert.throws(() => allocator.allocate(service({ clusterIP: '10.96.0.3' }), undefined), /already allocated/)
  undo?.()
  allocator.allocate(service({ clusterIP: '10.96.0.3' }), undefined)
})

test('a deleted Service frees its address and ports', () => {
  const { allocator, changed } = fixture()
  const one = service({
    type: 'NodePort',
    clusterIP: '10.96.0.3',
    ports: [{ port: 80, protocol: 'TCP', nodePort: 30000 }],
  })
  allocator.allocate(one, undefined)
  changed({ type: 'put', object: one, previous: undefined })
  changed({ type: 'delete', object: one, previous: one })
  allocator.allocate(structuredClone(one), undefined)
})

test('refuses an address outside the range and a port outside its range', () => {
  const { allocator } = fixture()
  assert.throws(
    () => allocator.allocate(service({ clusterIP: '10.1.0.1' }), undefined),
    /not in the valid range/,
  )
  const ports = [{ port: 80, protocol: 'TCP', nodePort: 80 }]
  assert.throws(() => allocator.allocate(service({ type: 'NodePort', ports }), undefined), /30000-30001/)
})

test('an update that leaves allocated values out keeps them', () => {
  const { allocator } = fixture()
  const old = service({ type: 'NodePort', ports: [{ port: 80, protocol: 'TCP' }] })
  allocator.allocate(old, undefined)
  const next = service({ type: 'NodePort', ports: [{ port: 80, protocol: 'TCP' }] })
  allocator.allocate(next, old)
  assert.deepEqual(next['spec'], old['spec'])
})

test('headless Services take no address', () => {
  const { allocator } = fixture()
  const one = service({ clusterIP: 'None', selector: { a: 'b' } })
  allocator.allocate(one, undefined)
  assert.equal(one['spec'].clusterIP, 'None')
  assert.deepEqual(one['spec'].clusterIPs, ['None'])
})
