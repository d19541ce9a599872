import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import { DecodeError } from '@brume/api/schema/decode'
import { decodeCustom } from './decode.ts'
import { definitionsOf } from './definitions.ts'
import { CRON_TAB_SCHEMA, cronTabCrd } from './testing.ts'

const [definition] = definitionsOf(cronTabCrd())
assert.ok(definition)

function cronTab(spec: object, rest: object = {}): KubeObject {
  return { apiVersion: 'example.com/v1', kind: 'CronTab', metadata: { name: 'a' }, spec, ...rest }
}

function errorsOf(object: KubeObject, old?: KubeObject): string[] {
  return definition!.validate!(object, { now: 0, ...(old === undefined ? {} : { old }) }).map(
    (e) => `${e.field}: ${e.message}`,
  )
}

test('a served version becomes a definition', () => {
  assert.equal(definition.group, 'example.com')
  assert.equal(definition.listKind, 'CronTabList')
  assert.deepEqual(definition.shortNames, ['ct'])
  assert.equal(definition.schema.name, 'com.example.v1.CronTab')
  assert.equal(definition.hasStatus, true)
  assert.equal(definition.custom, true)
  assert.ok(definition.schema.fields.get('metadata'))
  assert.equal(definition.conversion, undefined)
})

test('columns show what their paths lead to', () => {
  const object = cronTab({ schedule: '* * * * *', replicas: 2 })
  object.metadata.creationTimestamp = '2024-01-01T00:00:00Z'
  const cells = definition.columns.map((c) => c.cell(object, Date.parse('2024-01-01T00:05:00Z')))
  assert.deepEqual(cells, ['a', '* * * * *', 2, '5m'])
  assert.deepEqual(
    definition.columns.map((c) => c.cell(cronTab({}), 0)),
    ['a', null, null, null],
  )
  assert.equal(definition.selectableFields['spec.schedule']!(object), '* * * * *')
})

test('the age is the only column when the author names none', () => {
  const crd = cronTabCrd()
  delete crd['spec'].versions[0].additionalPrinterColumns
  const columns = definitionsOf(crd)[0]!.columns
  assert.deepEqual(
    columns.map((c) => [c.name, c.type]),
    [
      ['Name', 'string'],
      ['Age', 'date'],
    ],
  )
})

test('decoding prunes, reports, and leaves embedded and free parts alone', () => {
  const { value, unknownFields } = decodeCustom(
    {
      apiVersion: 'example.com/v1',
      kind: 'CronTab',
      metadata: { name: 'a', bogus: 1 },
      extra: true,
      spec: {
        schedule: null,
        replicas: null,
        note: null,
        wrong: 1,
        free: { any: { thing: 1 } },
        template: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'x', odd: 2 }, spec: { a: 1 } },
        labels: { a: 'b' },
      },
    },
    definition,
  )
  assert.deepEqual(unknownFields, ['metadata.bogus', 'spec.template.metadata.odd', 'extra', 'spec.wrong'])
  assert.deepEqual(value, {
    apiVersion: 'example.com/v1',
    kind: 'CronTab',
    metadata: { name: 'a' },
    spec: {
      replicas: null,
      note: null,
      free: { any: { thing: 1 } },
      template: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'x' }, spec: { a: 1 } },
      labels: { a: 'b' },
    },
  })
  definition.setDefaults!(value)
  assert.equal(value['spec'].replicas, 1)
})

test('malformed metadata is refused', () => {
  const body = { apiVersion: 'example.com/v1', kind: 'CronTab', metadata: { labels: { a: 1 } } }
  assert.throws(
    () => decodeCustom(body, definition),
    (error: unknown) => error instanceof DecodeError && /labels/.test(error.message),
  )
})

test('validation covers type, schema, scale paths and embedded objects', () => {
  assert.deepEqual(errorsOf(cronTab({ schedule: '* * * * *' })), [])
  assert.deepEqual(errorsOf({ ...cronTab({}), kind: 'Other' }), [
    'kind: Invalid value: "Other": must be CronTab',
  ])
  assert.deepEqual(errorsOf(cronTab({ schedule: 'x', replicas: -1 })), [
    'spec.schedule: Invalid value: "x": spec.schedule in body should match \'^[^ ]+( [^ ]+){4}$\'',
    'spec.replicas: Invalid value: -1: spec.replicas in body should be greater than or equal to 0',
    '.spec.replicas: Invalid value: -1: should be a non-negative integer',
  ])
  assert.deepEqual(errorsOf(cronTab({ schedule: '* * * * *', template: { kind: 'pod_' } })), [
    'spec.template.apiVersion: Required value',
    "spec.template.kind: Invalid value: \"pod_\": may have mixed case, but should otherwise match: a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')",
  ])
})

test('an unchanged fault does not block an update', () => {
  const old = cronTab({ schedule: 'x' })
  assert.deepEqual(errorsOf(cronTab({ schedule: 'x', replicas: 3 }), old), [])
})

test('rules run on valid objects only', () => {
  let calls = 0
  const hooks = {
    evaluateRules: () => {
      calls++
      return []
    },
  }
  const [ruled] = definitionsOf(cronTabCrd(), hooks)
  ruled!.validate!(cronTab({ schedule: '* * * * *' }), { now: 0 })
  assert.equal(calls, 1)
  const errors = ruled!.validate!(cronTab({}), { now: 0 })
  assert.equal(calls, 1)
  assert.match(errors.at(-1)!.message, /some validation rules were not checked/)
})

test('another version sees what its own schema knows', () => {
  const crd = cronTabCrd()
  const [v1] = crd['spec'].versions
  crd['spec'].versions.push({
    ...v1,
    name: 'v1beta1',
    storage: false,
    schema: {
      openAPIV3Schema: {
        ...CRON_TAB_SCHEMA,
        properties: {
          spec: {
            type: 'object',
            properties: { schedule: { type: 'string' }, old: { type: 'string', default: 'o' } },
          },
        },
      },
    },
  })
  crd['spec'].versions.push({ ...v1, name: 'v2', storage: false, served: false })
  const definitions = definitionsOf(crd)
  assert.deepEqual(
    definitions.map((d) => d.version),
    ['v1', 'v1beta1'],
  )
  const { conversion } = definitions[1]!
  const stored = Object.freeze(cronTab({ schedule: 's', replicas: 2 }))
  assert.deepEqual(conversion!.fromStorage(stored), {
    ...stored,
    apiVersion: 'example.com/v1beta1',
    spec: { schedule: 's', old: 'o' },
  })
  assert.deepEqual(
    conversion!.toStorage({ ...cronTab({ schedule: 't', old: 'x' }), apiVersion: 'example.com/v1beta1' }),
    {
      ...cronTab({ schedule: 't' }),
    },
  )
})

test('a stored version that is not served still judges what is stored', () => {
  const crd = cronTabCrd()
  const [v1] = crd['spec'].versions
  crd['spec'].versions = [
    { ...v1, served: false },
    { ...v1, name: 'v2', storage: false },
  ]
  const [served, ...rest] = definitionsOf(crd)
  assert.deepEqual([served!.version, rest.length], ['v2', 0])
  const stored = served!.conversion!.toStorage({
    ...cronTab({ schedule: '* * * * *' }),
    apiVersion: 'example.com/v2',
  })
  assert.equal(stored.apiVersion, 'example.com/v1')
  assert.deepEqual(served!.validate!(stored, { now: 0 }), [])
})

test('a terminating CRD takes no new objects', () => {
  const crd = cronTabCrd()
  crd['status'].conditions.push({ type: 'Terminating', status: 'True' })
  assert.equal(definitionsOf(crd)[0]!.verbs.includes('create'), false)
})

test('warns of finalizers that could collide', () => {
  const object = cronTab({})
  object.metadata.finalizers = ['example.com/x', 'mine', 'a.b']
  assert.deepEqual(definition.warnings!(object, undefined), [
    'metadata.finalizers: "a.b": prefer a domain-qualified finalizer name including a path (/) to avoid accidental conflicts with other finalizer writers',
    'metadata.finalizers: "mine": prefer a domain-qualified finalizer name to avoid accidental conflicts with other finalizer writers',
  ])
})

test('a deprecated version names the best one that is not, or says what its author wrote', () => {
  const crd = cronTabCrd()
  const [v1] = crd['spec'].versions
  const version = (name: string, more: object) => ({ ...v1, name, storage: false, ...more })
  crd['spec'].versions = [
    { ...v1, deprecated: true },
    version('v1beta1', { deprecated: true }),
    version('v2beta1', {}),
    version('v2', { served: false }),
    version('v3alpha1', { deprecated: true, deprecationWarning: 'do not' }),
  ]
  const deprecations = definitionsOf(crd).map((found) => [found.version, found.deprecation])
  assert.deepEqual(Object.fromEntries(deprecations), {
    v1: 'example.com/v1 CronTab is deprecated',
    v1beta1: 'example.com/v1beta1 CronTab is deprecated; use example.com/v2beta1 CronTab',
    v2beta1: undefined,
    v3alpha1: 'do not',
  })
})
