import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type CollectorAction, decideItem } from './decide.ts'
import { discovered, type OwnedOptions, owned } from './fixtures.ts'
import { Graph, type GraphNode } from './graph.ts'
import type { ObservedItem, OwnerState } from './observe.ts'

const pods = discovered('pods', 'Pod')

function node(uid: string, options?: OwnedOptions): GraphNode {
  const graph = new Graph()
  graph.put(owned(uid, options), pods)
  return graph.node(uid)!
}

function item(options: OwnedOptions, states: OwnerState[], more: Partial<ObservedItem> = {}): ObservedItem {
  const owners = states.map((_, i) => `s${i}`)
  const latest = owned('p', { ...options, owners, blocking: true })
  return {
    task: 'delete',
    node: node('p', { ...options, owners }),
    latest,
    owners: states.map((state, i) => ({
      reference: latest.metadata.ownerReferences![i]!,
      state,
      elsewhere: false,
      watched: true,
    })),
    dependents: [],
    waitsForItself: false,
    ...more,
  }
}

const actions = (observed: ObservedItem) => decideItem(observed).actions
const only = (observed: ObservedItem): CollectorAction => {
  const all = actions(observed)
  assert.equal(all.length, 1, JSON.stringify(all))
  return all[0]!
}

describe('garbage collector', () => {
  it('forgets an object that is gone', () => {
    assert.deepEqual(only(item({}, [], { latest: undefined })), { type: 'forget', uid: 'p' })
  })

  it('keeps an object without owners, and one whose owners all stay', () => {
    assert.deepEqual(actions(item({}, [])), [])
    assert.deepEqual(actions(item({}, ['solid', 'solid'])), [])
  })

  it('looks again at an object whose owner no watch has shown yet: nothing may tell of its end', () => {
    const unseen = (state: OwnerState) => {
      const observed = item({}, [state])
      return { ...observed, owners: observed.owners.map((owner) => ({ ...owner, watched: false })) }
    }
    assert.ok(decideItem(unseen('solid')).requeueAfterMs! > 0)
    assert.equal(decideItem(unseen('absent')).requeueAfterMs, undefined)
    assert.equal(decideItem(item({}, ['solid'])).requeueAfterMs, undefined)
  })

  it('deletes an object whose owners are all gone, exactly the one that was looked at', () => {
    const action = only(item({ resourceVersion: '7' }, ['absent', 'absent']))
    assert.equal(action.type, 'delete')
    assert.ok(action.type === 'delete')
    assert.equal(action.propagation, 'Background')
    assert.equal(action.resourceVersion, '7')
    assert.equal(action.node.uid, 'p')
  })

  it('keeps an object while one owner stays, and takes the others off it', () => {
    const action = only(item({}, ['absent', 'solid', 'waiting']))
    assert.ok(action.type === 'setOwners')
    assert.deepEqual(
      action.owners.map(({ uid }) => uid),
      ['s1'],
    )
  })

  it('keeps the deletion policy that the object itself asks for', () => {
    const orphan = only(item({ finalizers: ['orphan'] }, ['absent']))
    assert.ok(orphan.type === 'delete' && orphan.propagation === 'Orphan')
    const foreground = only(item({ finalizers: ['foregroundDeletion'] }, ['absent']))
    assert.ok(foreground.type === 'delete' && foreground.propagation === 'Foreground')
  })

  it('passes foreground deletion on to a dependent that has dependents of its own', () => {
    const action = only(item({}, ['waiting'], { dependents: [node('c', {})] }))
    assert.ok(action.type === 'delete' && action.propagation === 'Foreground')
    const leaf = only(item({}, ['waiting']))
    assert.ok(leaf.type === 'delete' && leaf.propagation === 'Background')
  })

  it('breaks a circle of objects that wait for each other', () => {
    const circle = node('c', { deleting: true, finalizers: ['foregroundDeletion'] })
    const [unblock, deletion] = actions(item({}, ['waiting'], { dependents: [circle] }))
    assert.ok(unblock?.type === 'unblock')
    assert.equal(unblock.owners[0]!.blockOwnerDeletion, false)
    assert.ok(deletion?.type === 'delete' && deletion.resourceVersion === undefined)
  })

  it('opens a circle of objects that were all deleted in the foreground', () => {
    const options = { deleting: true, finalizers: ['foregroundDeletion'] }
    const next = node('c1', { ...options, owners: ['p'], blocking: true })
    const circle = item(options, ['waiting'], { dependents: [next], waitsForItself: true })
    const action = only(circle)
    assert.ok(action.type === 'unblock')
    assert.equal(action.owners[0]!.blockOwnerDeletion, false)
    assert.deepEqual(actions({ ...circle, waitsForItself: false }), [])
  })

  it('holds an owner in foreground deletion until no dependent blocks it, looking at those that do', () => {
    const options = { deleting: true, finalizers: ['foregroundDeletion', 'other'] }
    const blocking = node('c1', { owners: ['p'], blocking: true })
    const free = node('c2', { owners: ['p'] })
    assert.deepEqual(actions(item(options, [], { dependents: [blocking, free] })), [
      { type: 'look', uid: 'c1' },
    ])
    const action = only(item(options, [], { dependents: [free] }))
    assert.ok(action.type === 'setFinalizers')
    assert.deepEqual(action.finalizers, ['other'])
  })

  it('leaves an object that is being deleted otherwise alone', () => {
    assert.deepEqual(actions(item({ deleting: true, finalizers: ['mine'] }, ['absent'])), [])
  })

  it('lets all dependents go before the owner that is orphaned', () => {
    const dependents = [node('c1', { owners: ['p'] }), node('c2', { owners: ['p'] })]
    const observed = item({ deleting: true, finalizers: ['orphan'] }, [], { task: 'orphan', dependents })
    assert.deepEqual(
      actions(observed).map(({ type }) => type),
      ['disown', 'disown', 'setFinalizers'],
    )
  })

  it('does nothing to orphan an object that is not being deleted any more as it was', () => {
    assert.deepEqual(actions(item({ finalizers: ['orphan'] }, [], { task: 'orphan' })), [])
  })

  it('never deletes an object with an owner of which nothing can be known', () => {
    assert.deepEqual(actions(item({}, ['unknown', 'absent'])), [])
    const impossible = actions(item({}, ['impossible', 'absent']))
    assert.deepEqual(
      impossible.map(({ type }) => type),
      ['warn'],
    )
  })

  it('warns of an owner in another namespace as Kubernetes words it, and deletes the object', () => {
    const observed = item({}, ['absent'])
    const [warning, deletion] = actions({
      ...observed,
      owners: observed.owners.map((owner) => ({ ...owner, elsewhere: true })),
    })
    assert.ok(warning?.type === 'warn')
    assert.equal(
      warning.message,
      'ownerRef [apps/v1/ReplicaSet, namespace: ns, name: s0, uid: s0] does not exist in namespace "ns"',
    )
    assert.equal(deletion?.type, 'delete')
  })
})
