import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import type { ObjectChange, ObjectReader } from '../registry/reader.ts'
import { ResourceRegistry } from '../registry/resources.ts'
import { cronTabCrd } from './testing.ts'
import { watchCrds } from './watch.ts'

function source(initial: KubeObject[]) {
  const listeners = new Set<(change: ObjectChange) => void>()
  const reader: ObjectReader = {
    get: () => undefined,
    list: () => initial,
    onChange: (_group, _plural, listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
  const emit = (type: ObjectChange['type'], object: KubeObject) => {
    for (const listener of listeners) listener({ type, object, previous: undefined })
  }
  return { reader, emit, listeners }
}

test('serves established CRDs at once, and no longer when they go', () => {
  const registry = new ResourceRegistry([])
  const { reader, emit, listeners } = source([cronTabCrd()])
  const stop = watchCrds({ reader, registry })
  assert.ok(registry.lookup('example.com', 'v1', 'crontabs'))
  emit('delete', cronTabCrd())
  assert.equal(registry.lookup('example.com', 'v1', 'crontabs'), undefined)
  const pending = cronTabCrd()
  pending['status'].conditions = []
  emit('put', pending)
  assert.equal(registry.all().length, 0)
  emit('put', cronTabCrd())
  assert.equal(registry.all().length, 1)
  stop()
  assert.equal(listeners.size, 0)
})

test('a change that does not show leaves the registry alone', () => {
  const registry = new ResourceRegistry([])
  const { reader, emit } = source([cronTabCrd()])
  watchCrds({ reader, registry })
  const { generation } = registry
  const labelled = cronTabCrd()
  labelled.metadata.labels = { a: 'b' }
  emit('put', labelled)
  assert.equal(registry.generation, generation)
  emit('put', cronTabCrd({ scope: 'Cluster' }))
  assert.notEqual(registry.generation, generation)
  assert.equal(registry.lookup('example.com', 'v1', 'crontabs')!.namespaced, false)
})
