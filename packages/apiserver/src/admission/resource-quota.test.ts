import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import { isStatus } from '@brume/base/errors'
import { resourceQuota } from './resource-quota.ts'
import { admissionRequest, object, type TestState, testState } from './testing.ts'
import type { AdmissionPlugin } from './types.ts'

let state: TestState
let plugin: AdmissionPlugin
let serial = 0

beforeEach(() => {
  state = testState()
  plugin = resourceQuota(state.deps)
})

const quota = (name: string, hard: Record<string, string>, more: object = {}) =>
  state.objects.put(
    '',
    'resourcequotas',
    object('ResourceQuota', { namespace: 'ns', name }, { spec: { hard, ...more } }),
  )

function pod(name: string, cpu = '1', memory = '1Gi'): KubeObject {
  const resources = { requests: { cpu, memory } }
  const metadata = { namespace: 'ns', name, uid: `uid-${serial++}` }
  return object('Pod', metadata, { spec: { containers: [{ name: 'c', resources }] }, status: {} })
}

const reserve = (of: KubeObject, kind = '/pods/') => plugin.reserve!(admissionRequest(kind, { object: of }))
function refused(run: () => unknown, message: string): void {
  assert.throws(run, (error) => {
    assert.ok(isStatus(error, 'Forbidden'), String(error))
    assert.equal(error.message, message)
    return true
  })
}

test('counts what is there', () => {
  quota('q', { pods: '1' })
  state.objects.put('', 'pods', pod('a'))
  refused(
    () => reserve(pod('b')),
    'pods "b" is forbidden: exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1',
  )
})

test('names only the resources that are exceeded, by name', () => {
  quota('q', { pods: '5', 'requests.cpu': '1500m', 'requests.memory': '1Gi' })
  state.objects.put('', 'pods', pod('a', '1', '512Mi'))
  refused(
    () => reserve(pod('b', '750m', '1Gi')),
    'pods "b" is forbidden: exceeded quota: q, requested: requests.cpu=750m,requests.memory=1Gi, used: requests.cpu=1,requests.memory=512Mi, limited: requests.cpu=1500m,requests.memory=1Gi',
  )
})

test('two writes at once never take the same share', () => {
  quota('q', { pods: '1' })
  const first = pod('a')
  const release = reserve(first)
  assert.throws(() => reserve(pod('b')), /used: pods=1/)
  release?.()
  assert.equal(typeof reserve(pod('b')), 'function')
})

test('a write that was done counts once', () => {
  quota('q', { pods: '2' })
  const first = pod('a')
  reserve(first)
  state.objects.put('', 'pods', first)
  reserve(pod('b'))
  assert.throws(() => reserve(pod('c')), /used: pods=2/)
})

test('what ends gives its share back', () => {
  quota('q', { pods: '1', 'count/pods': '2' })
  const first = pod('a')
  reserve(first)
  state.objects.put('', 'pods', first)
  assert.throws(() => reserve(pod('b')))
  state.objects.put('', 'pods', { ...first, status: { phase: 'Succeeded' } })
  const second = pod('b')
  reserve(second)
  state.objects.put('', 'pods', second)
  state.objects.remove('', 'pods', 'ns', 'b')
  assert.equal(typeof reserve(pod('c')), 'function')
})

test('a pod whose time to go has run out does not stand in the way', () => {
  quota('q', { pods: '1' })
  const first = pod('a')
  reserve(first)
  state.objects.put('', 'pods', first)
  const metadata = {
    ...first.metadata,
    deletionTimestamp: '2026-01-01T00:00:30Z',
    deletionGracePeriodSeconds: 30,
  }
  state.objects.put('', 'pods', { ...first, metadata })
  assert.throws(() => reserve(pod('b')))
  state.time.now += 61_000
  assert.equal(typeof reserve(pod('b')), 'function')
})

test('an update takes the difference only', () => {
  quota('q', { 'services.nodeports': '2', services: '1' })
  const service = (ports: number) =>
    object(
      'Service',
      { namespace: 'ns', name: 's', uid: 's1' },
      { spec: { type: 'NodePort', ports: Array(ports).fill({}) } },
    )
  state.objects.put('', 'services', service(1))
  const update = (ports: number) =>
    plugin.reserve!(
      admissionRequest('/services/', { operation: 'UPDATE', object: service(ports), oldObject: service(1) }),
    )
  assert.equal(update(1), undefined)
  refused(
    () => update(3),
    'services "s" is forbidden: exceeded quota: q, requested: services.nodeports=2, used: services.nodeports=1, limited: services.nodeports=2',
  )
  update(2)
  assert.throws(() => update(2), /used: services.nodeports=2/)
  state.objects.put('', 'services', service(2))
  state.objects.put('', 'services', service(1))
  assert.equal(typeof update(2), 'function')
})

test('an update that ends its object leaves nothing reserved', () => {
  quota('q', { 'services.nodeports': '2' })
  const service = (ports: number) =>
    object(
      'Service',
      { namespace: 'ns', name: 's', uid: 's1' },
      { spec: { type: 'NodePort', ports: Array(ports).fill({}) } },
    )
  state.objects.put('', 'services', service(1))
  plugin.reserve!(
    admissionRequest('/services/', { operation: 'UPDATE', object: service(2), oldObject: service(1) }),
  )
  state.objects.remove('', 'services', 'ns', 's')
  const next = { ...service(2), metadata: { namespace: 'ns', name: 's', uid: 's2' } }
  assert.equal(typeof reserve(next, '/services/'), 'function')
})

test('objects of any kind can be counted', () => {
  quota('q', { 'count/deployments.apps': '0', secrets: '1' })
  const deployment = object('Deployment', { namespace: 'ns', name: 'd', uid: 'd1' })
  refused(
    () => reserve(deployment, 'apps/deployments/'),
    'deployments.apps "d" is forbidden: exceeded quota: q, requested: count/deployments.apps=1, used: count/deployments.apps=0, limited: count/deployments.apps=0',
  )
  assert.equal(reserve(deployment, 'apps/deployments/scale'), undefined)
  assert.equal(reserve(object('Event', { namespace: 'ns', name: 'e' }), '/events/'), undefined)
})

test('a quota on CPU wants containers to say how much', () => {
  quota('q', { 'limits.cpu': '1' })
  refused(() => reserve(pod('a')), 'pods "a" is forbidden: failed quota: q: must specify limits.cpu for: c')
})

test('a quota with scopes counts what is in them', () => {
  quota('q', { pods: '0' }, { scopes: ['BestEffort'] })
  assert.equal(reserve(pod('a')), undefined)
  assert.throws(() =>
    reserve(object('Pod', { namespace: 'ns', name: 'b' }, { spec: { containers: [{ name: 'c' }] } })),
  )
})

test('a raised limit counts at once, and the status does not matter', () => {
  quota('q', { pods: '0' })
  assert.throws(() => reserve(pod('a')))
  quota('q', { pods: '1' })
  assert.equal(typeof reserve(pod('a')), 'function')
})
