import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deepFreeze } from '@brume/base/values'
import { applied, apply, LATER, owned } from './testing/applying.ts'
import { DATED, widget } from './testing/schemas.ts'

test('an apply creates what is not there, and owns what it says', () => {
  const config = widget({ metadata: { labels: { a: 'b' } }, spec: { size: 1, parts: [{ name: 'p' }] } })
  const { object: created, managedFields, changed } = apply({ config })
  assert.equal(changed, true)
  assert.deepEqual(created, { ...config, metadata: { ...config.metadata, managedFields } })
  assert.deepEqual(managedFields, [
    {
      manager: 'applier',
      operation: 'Apply',
      apiVersion: 'x.dev/v1',
      time: '2026-01-01T12:00:00Z',
      fieldsType: 'FieldsV1',
      fieldsV1: {
        'f:metadata': { 'f:labels': { 'f:a': {} } },
        'f:spec': { 'f:parts': { 'k:{"name":"p"}': { '.': {}, 'f:name': {} } }, 'f:size': {} },
      },
    },
  ])
})

test('applying the same again changes nothing, times included', () => {
  const config = widget({
    metadata: { labels: { a: 'b' } },
    spec: { size: 1, tags: ['x'], steps: ['s'], nested: {} },
  })
  const live = applied({ config })
  const again = apply({ live, config, now: LATER })
  assert.equal(again.changed, false)
  assert.equal(again.object, live)
  assert.equal(again.managedFields, live.metadata.managedFields)
})

test('creationTimestamp: null, as Go clients write it, changes nothing', () => {
  const config = widget({ metadata: { creationTimestamp: null }, spec: { size: 1 } })
  const { object } = apply({ config: widget({ spec: { size: 1 } }) })
  const live = deepFreeze({
    ...object,
    metadata: { ...object.metadata, creationTimestamp: '2026-01-01T00:00:00Z' },
  })
  assert.equal(apply({ live, config, schema: DATED, now: LATER }).changed, false)
})

test('a field that is no longer sent goes, unless it belongs to somebody else too', () => {
  const first = applied({
    config: widget({ spec: { size: 1, colour: 'red', nested: { inner: { value: 'v' } } } }),
  })
  const live = applied({ live: first, config: widget({ spec: { colour: 'red' } }), manager: 'second' })
  const next = apply({ live, config: widget({ spec: {} }), now: LATER })
  assert.deepEqual(next.object['spec'], { colour: 'red' })
  assert.deepEqual(owned(next.object), {
    'applier Apply': '{"f:spec":{}}',
    'second Apply': '{"f:spec":{"f:colour":{}}}',
  })
})

test('what nobody owns stays where an applier takes its own fields away', () => {
  const live = applied({ config: widget({ spec: { parts: [{ name: 'p', weight: 1 }], colour: 'red' } }) })
  const defaulted = deepFreeze({ ...live, spec: { ...live['spec'], size: 7 } })
  const next = apply({ live: defaulted, config: widget({ spec: { parts: [{ name: 'p' }] } }) })
  assert.deepEqual(next.object['spec'], { parts: [{ name: 'p' }], size: 7 })
})

test('a list item goes with all that nobody else owns in it', () => {
  const config = widget({
    spec: {
      parts: [
        { name: 'p', weight: 1 },
        { name: 'q', weight: 1 },
      ],
    },
  })
  const live = applied({ config })
  const next = apply({ live, config: widget({ spec: { parts: [{ name: 'q', weight: 1 }] } }) })
  assert.deepEqual(next.object['spec'], { parts: [{ name: 'q', weight: 1 }] })
})

test('a list item stays with the fields of another applier', () => {
  const live = applied({ config: widget({ spec: { parts: [{ name: 'p', weight: 1 }] } }) })
  const shared = applied({
    live,
    config: widget({ spec: { parts: [{ name: 'p', notes: { a: 'b' } }] } }),
    manager: 'second',
  })
  const next = apply({ live: shared, config: widget({ spec: {} }) })
  assert.deepEqual(next.object['spec'], { parts: [{ name: 'p', notes: { a: 'b' } }] })
})

test('sets lose the items that only this applier had', () => {
  const live = applied({ config: widget({ spec: { tags: ['a', 'b'] } }) })
  const shared = applied({ live, config: widget({ spec: { tags: ['b', 'c'] } }), manager: 'second' })
  assert.deepEqual(shared['spec'].tags, ['a', 'b', 'c'])
  const next = apply({ live: shared, config: widget({ spec: { tags: ['a'] } }) })
  assert.deepEqual(next.object['spec'].tags, ['a', 'b', 'c'])
  assert.deepEqual(apply({ live: shared, config: widget({ spec: {} }) }).object['spec'].tags, ['b', 'c'])
})

test('atomic lists and maps are replaced', () => {
  const live = applied({ config: widget({ spec: { steps: ['a', 'b'], limits: { cpu: '1' } } }) })
  const next = apply({ live, config: widget({ spec: { steps: ['c'], limits: { memory: '2' } } }) })
  assert.deepEqual(next.object['spec'], { steps: ['c'], limits: { memory: '2' } })
})

test('items of a list come in the order of the configuration, live ones of others stay in their places', () => {
  const parts = (...names: string[]) => widget({ spec: { parts: names.map((name) => ({ name })) } })
  const merged = (live: string[], config: string[]) =>
    apply({ live: applied({ config: parts(...live), manager: 'other' }), config: parts(...config) })
      .object['spec'].parts.map(({ name }: { name: string }) => name)
      .join('')
  assert.equal(merged(['a', 'b', 'c'], ['d']), 'abcd')
  assert.equal(merged(['a', 'b', 'c'], ['c', 'a']), 'bca')
  assert.equal(merged(['a', 'b', 'c'], ['b', 'x', 'c']), 'abxc')
  assert.equal(merged(['a', 'b'], ['x', 'a', 'y']), 'xaby')
  assert.equal(merged([], ['b', 'a']), 'ba')
})

test('a field that the endpoint resets is not owned through it', () => {
  const config = widget({ spec: { size: 1 }, status: { phase: 'x' } })
  assert.deepEqual(owned(apply({ config, resetFields: [['status']] }).object), {
    'applier Apply': '{"f:spec":{"f:size":{}}}',
  })
})
