import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import { deepFreeze } from '@brume/base/values'
import { LAST_APPLIED } from './last-applied.ts'
import { updateManagedFields } from './managed-fields.ts'
import { applied, apply, DEFAULTS, failure, LATER, owned, updated } from './testing/applying.ts'
import { widget } from './testing/schemas.ts'

test('a change of what another owns is a conflict, told with its owner and field', () => {
  const live = updated(undefined, widget({ spec: { size: 1 } }), 'kubectl-edit')
  const error = failure({ live, config: widget({ spec: { size: 2 } }) })
  assert.equal(error.reason, 'Conflict')
  assert.equal(error.code, 409)
  assert.equal(
    error.message,
    'Apply failed with 1 conflict: conflict with "kubectl-edit" using x.dev/v1: .spec.size',
  )
  assert.deepEqual(error.details, {
    causes: [
      {
        reason: 'FieldManagerConflict',
        message: 'conflict with "kubectl-edit" using x.dev/v1',
        field: '.spec.size',
      },
    ],
  })
})

test('several conflicts are listed by owner', () => {
  const first = applied({
    config: widget({ spec: { size: 1, parts: [{ name: 'p', weight: 1 }] } }),
    manager: 'alice',
  })
  const managedFields = updateManagedFields({
    ...DEFAULTS,
    live: first,
    updated: { ...first, status: { phase: 'x' } },
    manager: 'bob',
    subresource: 'status',
  })
  const live = deepFreeze({
    ...first,
    status: { phase: 'x' },
    metadata: { ...first.metadata, managedFields },
  })
  const config = widget({ spec: { size: 2, parts: [{ name: 'p', weight: 2 }] }, status: { phase: 'y' } })
  const error = failure({ live, config })
  assert.equal(
    error.message,
    [
      'Apply failed with 3 conflicts: conflicts with "alice":',
      '- .spec.size',
      '- .spec.parts[name="p"].weight',
      'conflicts with "bob" with subresource "status" using x.dev/v1:',
      '- .status.phase',
    ].join('\n'),
  )
  assert.equal(error.details?.causes?.length, 3)
})

test('the same value is no conflict: both own it', () => {
  const live = updated(undefined, widget({ spec: { size: 1 } }), 'other')
  const next = apply({ live, config: widget({ spec: { size: 1 } }) })
  assert.equal(next.changed, true)
  assert.deepEqual(owned(next.object), {
    'applier Apply': '{"f:spec":{"f:size":{}}}',
    'other Update': '{"f:spec":{".":{},"f:size":{}}}',
  })
})

test('force takes a field over', () => {
  const live = updated(undefined, widget({ spec: { size: 1, colour: 'red' } }), 'other')
  const next = apply({ live, config: widget({ spec: { size: 2 } }), force: true })
  assert.equal(next.object['spec'].size, 2)
  assert.deepEqual(owned(next.object), {
    'applier Apply': '{"f:spec":{"f:size":{}}}',
    'other Update': '{"f:spec":{".":{},"f:colour":{}}}',
  })
})

test('an object that nobody is known to have written belongs to before-first-apply', () => {
  const live = deepFreeze(widget({ metadata: { uid: 'u' }, spec: { size: 1, colour: 'red' } }))
  const error = failure({ live, config: widget({ spec: { size: 2 } }) })
  assert.equal(
    error.message,
    'Apply failed with 1 conflict: conflict with "before-first-apply" using x.dev/v1: .spec.size',
  )
  const next = apply({ live, config: widget({ spec: { size: 1 } }) })
  assert.deepEqual(owned(next.object), {
    'applier Apply': '{"f:spec":{"f:size":{}}}',
    'before-first-apply Update': '{"f:spec":{".":{},"f:colour":{},"f:size":{}}}',
  })
})

test('kubectl takes over what client-side apply last wrote and is still so', () => {
  const config = widget({ spec: { size: 1, colour: 'red' } })
  const annotations = { [LAST_APPLIED]: JSON.stringify(config) }
  const live = updated(
    undefined,
    widget({ metadata: { annotations }, spec: config.spec }),
    'kubectl-client-side-apply',
  )
  const next = widget({ spec: { size: 2, colour: 'red' } })
  const taken = apply({ live, config: next, manager: 'kubectl' })
  assert.equal(taken.object['spec'].size, 2)
  assert.equal(taken.object.metadata.annotations?.[LAST_APPLIED], sorted(next))
  assert.equal(failure({ live, config: next }).reason, 'Conflict')
  const edited = updated(live, { ...live, spec: { size: 5, colour: 'red' } }, 'editor')
  assert.equal(
    failure({ live: edited, config: next, manager: 'kubectl' }).message,
    'Apply failed with 1 conflict: conflict with "editor" using x.dev/v1: .spec.size',
  )
})

test('kubectl keeps the annotation of client-side apply up to date where it is, and nowhere else', () => {
  const config = widget({ metadata: { labels: { b: '<2>', a: '1' } }, spec: { size: 1 } })
  const plain = apply({ config, manager: 'kubectl' })
  assert.equal(plain.object.metadata.annotations, undefined)
  const annotations = { [LAST_APPLIED]: '{"stale":true}', other: 'x' }
  const live = deepFreeze({ ...plain.object, metadata: { ...plain.object.metadata, annotations } })
  const next = apply({ live, config, manager: 'kubectl', now: LATER })
  assert.deepEqual(next.object.metadata.annotations, {
    [LAST_APPLIED]:
      '{"apiVersion":"x.dev/v1","kind":"Widget","metadata":{"labels":{"a":"1","b":"\\u003c2\\u003e"},"name":"w","namespace":"ns"},"spec":{"size":1}}\n',
    other: 'x',
  })
  assert.equal(apply({ live: deepFreeze(next.object), config, manager: 'kubectl' }).changed, false)
  assert.equal(
    apply({ live, config, manager: 'someone' }).object.metadata.annotations?.[LAST_APPLIED],
    '{"stale":true}',
  )
})

function sorted(config: KubeObject): string {
  const { apiVersion, kind, metadata, spec } = config as KubeObject & { spec: Record<string, unknown> }
  const inOrder = Object.fromEntries(Object.entries(spec).sort(([a], [b]) => (a < b ? -1 : 1)))
  return `${JSON.stringify({ apiVersion, kind, metadata, spec: inOrder })}\n`
}
