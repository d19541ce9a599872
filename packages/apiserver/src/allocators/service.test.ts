import assert from 'node:assert/strict'
import { describe, it, test } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import type { ObjectChange, ObjectReader } from '../registry/reader.ts'
import { parseServiceRange } from './addresses.ts'
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
  const allocator = serviceAllocator(reader, { addresses: cidr.split(',').map(parseServiceRange), nodePorts })
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

describe('a Service of a cloud with both families', () => {
  const both = '10.96.0.0/24,fd00:0:0:ff::/112'
  const v6 = /^fd00:0:0:ff::[0-9a-f]+$/
  const given = (spec: object, cidr = both) => {
    const one = service(spec)
    fixture(cidr).allocator.allocate(one, undefined)
    return one['spec']
  }

  it('has the usual one alone unless it asks for both', () => {
    const { ipFamilies, ipFamilyPolicy, clusterIPs } = given({})
    assert.deepEqual([ipFamilies, ipFamilyPolicy, clusterIPs.length], [['IPv4'], 'SingleStack', 1])
  })

  it('has an address of each where it asks for both, the first one first', () => {
    const spec = given({ ipFamilyPolicy: 'PreferDualStack' })
    assert.deepEqual(spec.ipFamilies, ['IPv4', 'IPv6'])
    assert.match(spec.clusterIPs[1], v6)
    const turned = given({ ipFamilyPolicy: 'RequireDualStack', ipFamilies: ['IPv6'] })
    assert.deepEqual(turned.ipFamilies, ['IPv6', 'IPv4'])
    assert.match(turned.clusterIP, v6)
    assert.equal(turned.clusterIPs.length, 2)
    const alone = given({ ipFamilies: ['IPv6'] })
    assert.match(alone.clusterIP, v6)
    assert.equal(alone.clusterIPs.length, 1)
  })

  it('gets the second one later, keeps both, and gives the second one back', () => {
    const { allocator, changed } = fixture(both)
    const old = service({ clusterIP: '10.96.0.3' })
    allocator.allocate(old, undefined)
    const next = structuredClone(old)
    next['spec'].ipFamilyPolicy = 'RequireDualStack'
    allocator.allocate(next, old)
    const [first, second] = next['spec'].clusterIPs
    assert.equal(first, '10.96.0.3')
    changed({ type: 'put', object: next, previous: old })
    const kept = structuredClone(next)
    allocator.allocate(kept, next)
    assert.deepEqual(kept['spec'], next['spec'])
    const back = structuredClone(next)
    back['spec'].ipFamilyPolicy = 'SingleStack'
    allocator.allocate(back, next)
    assert.deepEqual([back['spec'].clusterIPs, back['spec'].ipFamilies], [['10.96.0.3'], ['IPv4']])
    changed({ type: 'put', object: back, previous: next })
    const other = service({
      clusterIPs: ['10.96.0.4', second],
      ipFamilyPolicy: 'RequireDualStack',
      ipFamilies: ['IPv4', 'IPv6'],
    })
    allocator.allocate(other, undefined)
    assert.deepEqual(other['spec'].clusterIPs, ['10.96.0.4', second])
  })

  it('is refused in a sentence where the cloud has one family', () => {
    const one = '10.96.0.0/24'
    assert.throws(
      () => given({ ipFamilyPolicy: 'RequireDualStack' }, one),
      /spec.ipFamilyPolicy: Invalid value: "RequireDualStack": this cluster is not configured for dual-stack services/,
    )
    assert.throws(
      () => given({ ipFamilies: ['IPv6'] }, one),
      /spec.ipFamilies\[0\]: Invalid value: "IPv6": not configured on this cluster/,
    )
    assert.deepEqual(given({ ipFamilyPolicy: 'PreferDualStack' }, one).ipFamilies, ['IPv4'])
    assert.throws(
      () => given({ ipFamilyPolicy: 'SingleStack', ipFamilies: ['IPv4', 'IPv6'] }),
      /must be RequireDualStack or PreferDualStack/,
    )
  })

  it('is headless in both where it asks for both', () => {
    const spec = given({ clusterIP: 'None', selector: { a: 'b' }, ipFamilyPolicy: 'PreferDualStack' })
    assert.deepEqual([spec.clusterIPs, spec.ipFamilies], [['None'], ['IPv4', 'IPv6']])
  })
})
