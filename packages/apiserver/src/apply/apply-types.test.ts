import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import { decodeBuiltin } from '@brume/api/schema/decode'
import { deepFreeze } from '@brume/base/values'
import { applied, apply, failure, owned, updated } from './testing/applying.ts'
import { DEPLOYMENT, integer, listMap, object, SERVICE, text, WIDGET, widget } from './testing/schemas.ts'

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
  const named = { ...WIDGET, name: 'dev.x.v1.Widget' }
  assert.equal(apply({ schema: named, config: widget({ spec: null }) }).object['spec'], null)
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

test('a resource within a custom one has a type and metadata of its own', () => {
  const template = object({ spec: object({ value: text }) }, { embedded: true })
  const spec = object({
    ...Object.fromEntries([...WIDGET.fields].map(([n, f]) => [n, f.schema])),
    spec: object({ template }),
  })
  const inner = { apiVersion: 'v1', kind: 'Inner', metadata: { finalizers: ['a'] }, spec: { value: 'x' } }
  const next = apply({ schema: spec, config: widget({ spec: { template: inner } }) })
  assert.deepEqual(next.managedFields[0]?.fieldsV1?.['f:spec'], {
    'f:template': {
      'f:apiVersion': {},
      'f:kind': {},
      'f:metadata': { 'f:finalizers': { 'v:"a"': {} } },
      'f:spec': { 'f:value': {} },
    },
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
