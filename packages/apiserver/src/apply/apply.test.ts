import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import { decodeBuiltin } from '@brume/api/schema/decode'
import { StatusError } from '@brume/base/errors'
import { deepFreeze } from '@brume/base/values'
import { type ApplyOptions, applyServerSide } from './apply.ts'
import { LAST_APPLIED } from './last-applied.ts'
import { updateManagedFields } from './managed-fields.ts'
import { DEPLOYMENT, integer, listMap, object, SERVICE, text, WIDGET, widget } from './testing/schemas.ts'

const NOON = Date.UTC(2026, 0, 1, 12)
const LATER = NOON + 60_000
const DEFAULTS = { schema: WIDGET, apiVersion: 'x.dev/v1', manager: 'applier', force: false, now: NOON }

type Options = Partial<ApplyOptions> & { config: KubeObject }

const apply = (options: Options) => applyServerSide({ ...DEFAULTS, live: undefined, ...options })

/** The object after an apply, frozen as the store keeps it. */
const applied = (options: Options): KubeObject => deepFreeze(apply(options).object)

/** The object after a write that is no apply. */
function updated(live: KubeObject | undefined, next: KubeObject, manager: string): KubeObject {
  const managedFields = updateManagedFields({ ...DEFAULTS, live, updated: next, manager })
  return deepFreeze({ ...next, metadata: { ...next.metadata, managedFields } })
}

const owned = ({ metadata }: KubeObject) =>
  Object.fromEntries(
    (metadata.managedFields ?? []).map((e) => [`${e.manager} ${e.operation}`, JSON.stringify(e.fieldsV1)]),
  )

function failure(options: Options): StatusError {
  try {
    apply(options)
  } catch (error) {
    assert.ok(error instanceof StatusError, String(error))
    return error
  }
  throw new Error('the apply went through')
}

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

test('a configuration of another kind or version, or with managedFields, is a bad request', () => {
  const config = widget({ spec: {} })
  const live = applied({ config })
  const cases: [KubeObject, string][] = [
    [{ ...config, apiVersion: 'x.dev/v2' }, 'invalid object type: x.dev/v2, Kind=Widget'],
    [{ ...config, apiVersion: 'v1', kind: 'Pod' }, 'invalid object type: /v1, Kind=Pod'],
    [{ ...config, kind: 'Gadget' }, 'invalid object type: x.dev/v1, Kind=Gadget'],
    [widget({ metadata: { managedFields: [] } }), 'metadata.managedFields must be nil'],
    [widget({ metadata: { managedFields: [{ manager: 'x' }] } }), 'metadata.managedFields must be nil'],
  ]
  for (const [bad, message] of cases) {
    const error = failure({ live, config: bad })
    assert.deepEqual([error.reason, error.message], ['BadRequest', message])
  }
})

test('a configuration that is not of the schema is refused with the paths', () => {
  const message = (spec: unknown) => failure({ config: widget({ spec }) }).message
  const start = 'failed to create typed patch object (ns/w; x.dev/v1, Kind=Widget): '
  assert.equal(message({ typo: 1 }), `${start}.spec.typo: field not declared in schema`)
  assert.equal(
    message({ parts: [{ name: 'p' }, { name: 'p' }] }),
    `${start}.spec.parts: duplicate entries for key [name="p"]`,
  )
  assert.equal(message({ tags: ['a', 'a'] }), `${start}.spec.tags: duplicate entries for key [="a"]`)
  assert.equal(message({ size: 'big' }), `${start}.spec.size: expected numeric (int or float), got string`)
  assert.equal(
    message({ parts: [{ weight: 1 }] }),
    `${start}.spec.parts: element 0: associative list with keys has an element that omits all key fields ["name"] (and doesn't have default values for any key fields)`,
  )
  assert.equal(
    message({ size: true, steps: [1] }),
    `${start}errors:\n  .spec.size: expected numeric (int or float), got bool\n  .spec.steps[0]: expected string, got 1`,
  )
})

test('repeated keys in the live list do not stop an apply', () => {
  const parts = [{ name: 'p', weight: 1 }, { name: 'p', weight: 2 }, { name: 'q' }]
  const live = updated(undefined, widget({ spec: { parts } }), 'other')
  const untouched = apply({ live, config: widget({ spec: { parts: [{ name: 'z' }] } }) })
  assert.deepEqual(untouched.object['spec'].parts, [...parts, { name: 'z' }])
  const replaced = apply({
    live,
    config: widget({ spec: { parts: [{ name: 'p', weight: 3 }] } }),
    force: true,
  })
  assert.deepEqual(replaced.object['spec'].parts, [{ name: 'p', weight: 3 }, { name: 'q' }])
})

test('ports of a Service merge by port and protocol', () => {
  const decoded = (object: KubeObject) => decodeBuiltin(object, SERVICE).value
  const service = (ports: object[]) => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 's' },
    spec: { ports },
  })
  const kind = { schema: SERVICE, apiVersion: 'v1' }
  const first = apply({
    ...kind,
    config: service([{ port: 53, protocol: 'TCP', name: 'tcp' }]),
    manager: 'other',
  })
  const live = deepFreeze(decoded(first.object))
  const next = apply({ ...kind, live, config: service([{ port: 53, protocol: 'UDP', name: 'udp' }]) })
  assert.deepEqual(
    next.object['spec'].ports.map((p: { name: string }) => p.name),
    ['tcp', 'udp'],
  )
  const same = apply({ ...kind, live, config: service([{ port: 53, name: 'tcp' }]) })
  assert.equal(same.object['spec'].ports.length, 1)
})

test('null means absent in a built-in kind, and stays null in a custom one', () => {
  const config = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'd', creationTimestamp: null },
    spec: { replicas: null },
  }
  const created = apply({ schema: DEPLOYMENT, apiVersion: 'apps/v1', config: config as never })
  assert.deepEqual(created.object['spec'], {})
  assert.equal('creationTimestamp' in created.object.metadata, false)
  assert.equal(owned(created.object)['applier Apply'], '{"f:spec":{"f:replicas":{}}}')
  assert.deepEqual(apply({ config: widget({ spec: { size: null } }) }).object['spec'], { size: null })
})

test('an emptied map of a built-in kind goes, an emptied object stays', () => {
  const config = (labels: object | undefined, spec: object) =>
    ({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'd', ...(labels ? { labels } : {}) },
      spec,
    }) as KubeObject
  const kind = { schema: DEPLOYMENT, apiVersion: 'apps/v1' }
  const live = applied({ ...kind, config: config({ a: 'b' }, { strategy: { type: 'Recreate' } }) })
  const next = apply({ ...kind, live, config: config({}, { strategy: {} }) })
  assert.equal('labels' in next.object.metadata, false)
  assert.deepEqual(next.object['spec'], { strategy: {} })
})

test('a field that the endpoint resets is not owned through it', () => {
  const config = widget({ spec: { size: 1 }, status: { phase: 'x' } })
  assert.deepEqual(owned(apply({ config, resetFields: [['status']] }).object), {
    'applier Apply': '{"f:spec":{"f:size":{}}}',
  })
})

test('the same applier in another subresource or version: one entry a subresource, one for all versions', () => {
  const live = applied({ config: widget({ spec: { size: 1 } }) })
  const next = apply({ live, config: widget({ status: { phase: 'x' } }), subresource: 'status' })
  assert.deepEqual(
    next.managedFields.map((e) => [e.manager, e.subresource]),
    [
      ['applier', undefined],
      ['applier', 'status'],
    ],
  )
  const V2 = object({ ...Object.fromEntries([...WIDGET.fields].map(([n, f]) => [n, f.schema])) })
  const again = apply({
    live: deepFreeze({ ...live, apiVersion: 'x.dev/v2' }),
    config: { ...widget({ spec: { colour: 'red' } }), apiVersion: 'x.dev/v2' },
    apiVersion: 'x.dev/v2',
    schema: V2,
    convert: (found, apiVersion) => ({
      object: { ...found, apiVersion },
      schema: apiVersion === 'x.dev/v2' ? V2 : WIDGET,
    }),
  })
  assert.deepEqual(again.object['spec'], { colour: 'red' })
  assert.deepEqual(owned(again.object), { 'applier Apply': '{"f:spec":{"f:colour":{}}}' })
})

test('integers beyond the safe range are keys and values like any other', () => {
  const schema = object({
    apiVersion: text,
    kind: text,
    metadata: object({ name: text, namespace: text }),
    spec: object({ items: listMap(object({ id: integer, value: text }), 'id') }),
  })
  const config = (...items: object[]) => widget({ spec: { items } })
  const live = applied({
    schema,
    config: config({ id: 9007199254740993n, value: 'a' }, { id: 9007199254740992n, value: 'b' }),
  })
  const next = apply({ schema, live, config: config({ id: 9007199254740993n, value: 'c' }) })
  assert.deepEqual(next.object['spec'].items, [{ id: 9007199254740993n, value: 'c' }])
  assert.equal(
    apply({ schema, live: deepFreeze(next.object), config: config({ id: 9007199254740993n, value: 'c' }) })
      .changed,
    false,
  )
})

function sorted(config: KubeObject): string {
  const { apiVersion, kind, metadata, spec } = config as KubeObject & { spec: Record<string, unknown> }
  const inOrder = Object.fromEntries(Object.entries(spec).sort(([a], [b]) => (a < b ? -1 : 1)))
  return `${JSON.stringify({ apiVersion, kind, metadata, spec: inOrder })}\n`
}
