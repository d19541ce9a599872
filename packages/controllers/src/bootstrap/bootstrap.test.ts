import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { decideBootstrap } from './decide.ts'
import { bootstrapObjects, sameSubset } from './objects.ts'

const options = {
  rootCaPem: 'PEM',
  apiServer: { addresses: ['10.0.0.2', '10.0.0.1'], port: 6443, publicUrl: 'https://cloud:6443' },
}

describe('bootstrap objects', () => {
  it('are all creatable where there is nothing, each once', () => {
    const objects = bootstrapObjects(options)
    for (const object of objects.values()) {
      const plan = decideBootstrap({ object, existing: undefined, namespaceReady: true })
      assert.deepEqual(
        plan.actions.map(({ type }) => type),
        ['create'],
        object.key,
      )
    }
    for (const key of ['Namespace/default', 'ClusterRole/cluster-admin', 'Service/default/kubernetes']) {
      assert.ok(objects.has(key), key)
    }
  })

  it('need nothing when they are there', () => {
    for (const object of bootstrapObjects(options).values()) {
      const plan = decideBootstrap({ object, existing: object.expected, namespaceReady: true })
      assert.deepEqual(plan.actions, [], object.key)
    }
  })

  it('wait for their namespace', () => {
    const object = bootstrapObjects(options).get('Service/default/kubernetes')!
    assert.deepEqual(decideBootstrap({ object, existing: undefined, namespaceReady: false }).actions, [])
  })

  it('follow the API server to another address, and keep what others added', () => {
    const before = bootstrapObjects(options)
    const moved = bootstrapObjects({
      ...options,
      apiServer: { ...options.apiServer, addresses: ['10.0.0.9'], port: 7443 },
    })
    const key = 'Endpoints/default/kubernetes'
    const metadata = { ...before.get(key)!.expected.metadata, labels: { mine: 'x' }, resourceVersion: '7' }
    const existing = { ...before.get(key)!.expected, metadata }
    const action = decideBootstrap({ object: moved.get(key)!, existing, namespaceReady: true }).actions[0]!
    assert.equal(action.type, 'update')
    assert.deepEqual(action.object.metadata, metadata)
    assert.deepEqual(action.object['subsets'], moved.get(key)!.expected['subsets'])
    const service = moved.get('Service/default/kubernetes')!
    const old = before.get('Service/default/kubernetes')!.expected
    const defaulted = {
      ...old,
      spec: { ...old['spec'], clusterIP: '10.96.0.1', internalTrafficPolicy: 'Cluster' },
    }
    const update = decideBootstrap({ object: service, existing: defaulted, namespaceReady: true }).actions[0]!
    assert.equal(update.object['spec'].ports[0].targetPort, 7443)
    assert.equal(update.object['spec'].clusterIP, '10.96.0.1')
  })

  it('leave out what is not known: no address, no public URL', () => {
    const objects = bootstrapObjects({ rootCaPem: 'PEM' })
    assert.equal(objects.has('Service/default/kubernetes'), false)
    assert.equal(objects.has('ConfigMap/kube-public/cluster-info'), false)
  })

  it('are compared by what they say, not by what the server added', () => {
    assert.equal(sameSubset({ a: [1, { b: 2 }] }, { a: [1, { b: 2, c: 3 }], d: 4 }), true)
    assert.equal(sameSubset({ a: [1] }, { a: [1, 2] }), false)
    assert.equal(sameSubset({ a: 1 }, undefined), false)
    assert.equal(sameSubset(undefined, undefined), true)
  })
})
