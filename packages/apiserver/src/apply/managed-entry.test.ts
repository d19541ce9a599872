import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deepClone, deepFreeze } from '@brume/base/values'
import { isSameBesideTimes } from './managed-entry.ts'
import { widget } from './testing/schemas.ts'
import { NOON, shown, update, written } from './testing/updating.ts'

test('objects that differ in nothing but the times of their managers are told', () => {
  const live = written({ updated: widget({ spec: { size: 1 } }) })
  const later = deepClone(live)
  later.metadata.managedFields![0]!.time = '2030-01-01T00:00:00Z'
  assert.equal(isSameBesideTimes(later, live), true)
  assert.equal(isSameBesideTimes({ ...later, spec: { size: 2 } }, live), false)
  assert.equal(isSameBesideTimes({ ...later, metadata: { ...later.metadata, uid: 'u' } }, live), false)
  later.metadata.managedFields![0]!.manager = 'other'
  assert.equal(isSameBesideTimes(later, live), false)
})

test('a client may replace the entries, and what it cannot have meant is ignored', () => {
  const live = written({ updated: widget({ spec: { size: 1 } }) })
  const entry = { manager: 'x', operation: 'Update', apiVersion: 'x.dev/v1', fieldsType: 'FieldsV1' } as const
  const sent = (...managedFields: object[]) =>
    shown(update({ live, updated: widget({ metadata: { managedFields }, spec: { size: 1 } }) }))
  assert.deepEqual(sent({ ...entry, fieldsV1: { 'f:spec': { 'f:size': {} } } }), {
    'x Update': '{"f:spec":{"f:size":{}}}',
  })
  const kept = { 'me Update': '{"f:spec":{".":{},"f:size":{}}}' }
  assert.deepEqual(sent({ ...entry, operation: 'Steal', fieldsV1: {} }), kept)
  assert.deepEqual(sent({ ...entry, apiVersion: '', fieldsV1: {} }), kept)
  assert.deepEqual(sent({ ...entry, fieldsType: 'FieldsV2', fieldsV1: {} }), kept)
  assert.deepEqual(sent({ ...entry, fieldsV1: { 'f:a': 'b' } }), kept)
  assert.deepEqual(sent({ ...entry, fieldsV1: [] }), kept)
  assert.deepEqual(sent(null as never, entry), kept)
})

test('through a subresource the entries cannot be set', () => {
  const live = written({ updated: widget({ spec: { size: 1 } }) })
  const updated = widget({ metadata: { managedFields: [] }, spec: { size: 1 } })
  assert.deepEqual(update({ live, updated, subresource: 'status' }), live.metadata.managedFields)
})

test('[] and [{}] make the object forget its managers until it is applied', () => {
  const live = written({ updated: widget({ spec: { size: 1 } }) })
  for (const managedFields of [[], [{}]]) {
    assert.deepEqual(
      update({ live, updated: widget({ metadata: { managedFields }, spec: { size: 2 } }) }),
      [],
    )
  }
  assert.deepEqual(
    update({ live: deepFreeze(widget({ spec: { size: 1 } })), updated: widget({ spec: { size: 2 } }) }),
    [],
  )
})

test('entries are kept by operation, time, manager and version', () => {
  const entry = (manager: string, operation: string, time: string) => ({
    manager,
    operation,
    apiVersion: 'x.dev/v1',
    time,
    fieldsType: 'FieldsV1',
    fieldsV1: { 'f:spec': { 'f:size': {} } },
  })
  const managedFields = [
    entry('b', 'Update', '2026-01-01T00:00:00Z'),
    entry('a', 'Update', '2026-01-02T00:00:00Z'),
    entry('a', 'Update', '2026-01-01T00:00:00Z'),
    entry('z', 'Apply', '2026-01-03T00:00:00Z'),
  ]
  managedFields[1]!.apiVersion = 'x.dev/v2'
  const entries = update({
    live: widget({ spec: {} }),
    updated: widget({ metadata: { managedFields }, spec: {} }),
  })
  assert.deepEqual(
    entries.map((e) => [e.operation, e.manager, e.apiVersion]),
    [
      ['Apply', 'z', 'x.dev/v1'],
      ['Update', 'a', 'x.dev/v1'],
      ['Update', 'b', 'x.dev/v1'],
      ['Update', 'a', 'x.dev/v2'],
    ],
  )
})

test('past ten update entries the oldest become ancient-changes', () => {
  let live = written({ updated: widget({ spec: {} }), manager: 'creator' })
  for (let i = 0; i < 12; i++) {
    const labels = { ...live.metadata.labels, [`l${i}`]: 'x' }
    const updated = widget({ metadata: { labels }, spec: {} })
    live = written({ live, updated, manager: `m${i}`, now: NOON + i * 1000 })
  }
  const entries = live.metadata.managedFields!
  assert.equal(entries.length, 10)
  assert.equal(entries[0]?.manager, 'ancient-changes')
  assert.equal(entries[0]?.time, '2026-01-01T12:00:02Z')
  assert.deepEqual(entries[0]?.fieldsV1, {
    'f:metadata': { 'f:labels': { '.': {}, 'f:l0': {}, 'f:l1': {}, 'f:l2': {} } },
    'f:spec': {},
  })
  assert.deepEqual(
    entries.slice(1).map((e) => e.manager),
    ['m3', 'm4', 'm5', 'm6', 'm7', 'm8', 'm9', 'm10', 'm11'],
  )
})
