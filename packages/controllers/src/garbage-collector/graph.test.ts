import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { discovered, owned } from './fixtures.ts'
import { Graph } from './graph.ts'

const pods = discovered('pods', 'Pod')
const sets = discovered('replicasets', 'ReplicaSet', 'apps')

describe('ownership graph', () => {
  it('asks for a look at an object whose owner it does not know', () => {
    const graph = new Graph()
    assert.deepEqual(graph.put(owned('p1', { owners: ['s1'] }), pods), ['delete/p1'])
  })

  it('asks for nothing when the owner is known and stays', () => {
    const graph = new Graph()
    assert.deepEqual(graph.put(owned('s1'), sets), [])
    assert.deepEqual(graph.put(owned('p1', { owners: ['s1'] }), pods), [])
    assert.deepEqual(graph.put(owned('p1', { owners: ['s1'], resourceVersion: '2' }), pods), [])
  })

  it('asks for a look at the dependents of an owner that is gone', () => {
    const graph = new Graph()
    graph.put(owned('s1'), sets)
    graph.put(owned('p1', { owners: ['s1'] }), pods)
    graph.put(owned('p2', { owners: ['s1'] }), pods)
    assert.deepEqual(graph.remove('s1'), ['delete/p1', 'delete/p2'])
    assert.deepEqual(graph.remove('s1'), [])
  })

  it('asks for a look at the owner and its dependents when it begins to wait for them', () => {
    const graph = new Graph()
    graph.put(owned('s1'), sets)
    graph.put(owned('p1', { owners: ['s1'] }), pods)
    const waiting = owned('s1', { deleting: true, finalizers: ['foregroundDeletion'] })
    assert.deepEqual(graph.put(waiting, sets), ['delete/s1', 'delete/p1'])
    assert.deepEqual(graph.put({ ...waiting }, sets), [])
  })

  it('asks for a look at a waiting owner when a dependent goes, leaves it or stops blocking it', () => {
    const graph = new Graph()
    graph.put(owned('s1', { deleting: true, finalizers: ['foregroundDeletion'] }), sets)
    for (const name of ['p1', 'p2', 'p3']) graph.put(owned(name, { owners: ['s1'], blocking: true }), pods)
    assert.deepEqual(graph.remove('p1'), ['delete/s1'])
    assert.deepEqual(graph.put(owned('p2', { owners: [] }), pods), ['delete/s1'])
    assert.deepEqual(graph.put(owned('p3', { owners: ['s1'], blocking: false }), pods), ['delete/s1'])
  })

  it('asks to orphan when the orphan finalizer holds an object that is being deleted', () => {
    const graph = new Graph()
    assert.deepEqual(graph.put(owned('s1', { deleting: true, finalizers: ['orphan'] }), sets), ['orphan/s1'])
  })

  it('asks for a look when the owner of that uid is another kind, or in another namespace', () => {
    const graph = new Graph()
    graph.put(owned('s1', { namespace: 'other' }), sets)
    assert.deepEqual(graph.put(owned('p1', { owners: ['s1'] }), pods), ['delete/p1'])
    graph.put(owned('c1'), discovered('configmaps', 'ConfigMap'))
    assert.deepEqual(graph.put(owned('p2', { owners: ['c1'] }), pods), ['delete/p2'])
  })

  it('finds circles of objects that wait for each other, and only those', () => {
    const waiting = { deleting: true, finalizers: ['foregroundDeletion'], blocking: true }
    const graph = new Graph()
    graph.put(owned('a', { ...waiting, owners: ['c'] }), pods)
    graph.put(owned('b', { ...waiting, owners: ['a'] }), pods)
    graph.put(owned('leaf', { ...waiting, owners: ['a'] }), pods)
    assert.equal(graph.waitsForItself('a'), false)
    graph.put(owned('c', { ...waiting, owners: ['b'] }), pods)
    assert.equal(graph.waitsForItself('a'), true)
    assert.equal(graph.waitsForItself('leaf'), false)
    graph.put(owned('c', { ...waiting, owners: ['b'], blocking: false, resourceVersion: '2' }), pods)
    assert.equal(graph.waitsForItself('a'), false)
  })

  it('forgets everything of objects that are gone', () => {
    const graph = new Graph()
    graph.put(owned('s1'), sets)
    graph.put(owned('p1', { owners: ['s1'] }), pods)
    graph.remove('p1')
    assert.deepEqual(graph.dependentsOf('s1'), [])
    graph.remove('s1')
    assert.equal(graph.size, 0)
  })
})
