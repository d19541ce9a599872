import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KubeObject, ManagedFieldsEntry } from '@brume/api/object'
import { decodeBuiltin } from '@brume/api/schema/decode'
import { deepClone, deepFreeze } from '@brume/base/values'
import { fieldSetOfPaths } from './field-set.ts'
import { type UpdateManagedFieldsOptions, updateManagedFields } from './managed-fields.ts'
import { DEPLOYMENT, object, POD, text, WIDGET, widget } from './testing/schemas.ts'

const NOON = Date.UTC(2026, 0, 1, 12)

type Options = Partial<UpdateManagedFieldsOptions> & { updated: KubeObject }

function update(options: Options): ManagedFieldsEntry[] {
  const defaults = { live: undefined, schema: WIDGET, manager: 'me', apiVersion: 'x.dev/v1', now: NOON }
  return updateManagedFields({ ...defaults, ...options })
}

/** The object as stored after a write. */
function written(options: Options): KubeObject {
  const managedFields = update(options)
  return deepFreeze({ ...options.updated, metadata: { ...options.updated.metadata, managedFields } })
}

const show = (entries: readonly ManagedFieldsEntry[]) =>
  Object.fromEntries(
    entries.map((e) => [
      [e.manager, e.operation, e.subresource].filter(Boolean).join(' '),
      JSON.stringify(e.fieldsV1),
    ]),
  )

test('who creates an object owns what is in it, but for its identity and what the server writes', () => {
  const updated = widget({ metadata: { uid: 'u', labels: { a: 'b' } }, spec: { size: 1 } })
  assert.deepEqual(update({ updated }), [
    {
      manager: 'me',
      operation: 'Update',
      apiVersion: 'x.dev/v1',
      time: '2026-01-01T12:00:00Z',
      fieldsType: 'FieldsV1',
      fieldsV1: { 'f:metadata': { 'f:labels': { '.': {}, 'f:a': {} } }, 'f:spec': { '.': {}, 'f:size': {} } },
    },
  ])
})

test('a Deployment that is created is owned as Kubernetes writes it', () => {
  const { value } = decodeBuiltin(
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', labels: { app: 'web' } },
      spec: {
        replicas: 1,
        selector: { matchLabels: { app: 'web' } },
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
        template: {
          metadata: { labels: { app: 'web' } },
          spec: { containers: [{ name: 'nginx', image: 'nginx', resources: {} }], securityContext: {} },
        },
      },
    },
    DEPLOYMENT,
  )
  const [entry] = update({ updated: value, schema: DEPLOYMENT, apiVersion: 'apps/v1' })
  assert.equal(
    JSON.stringify(entry?.fieldsV1),
    JSON.stringify({
      'f:metadata': { 'f:labels': { '.': {}, 'f:app': {} } },
      'f:spec': {
        'f:replicas': {},
        'f:selector': {},
        'f:strategy': {
          'f:rollingUpdate': { '.': {}, 'f:maxSurge': {}, 'f:maxUnavailable': {} },
          'f:type': {},
        },
        'f:template': {
          'f:metadata': { 'f:labels': { '.': {}, 'f:app': {} } },
          'f:spec': {
            'f:containers': {
              'k:{"name":"nginx"}': { '.': {}, 'f:image': {}, 'f:name': {}, 'f:resources': {} },
            },
            'f:securityContext': {},
          },
        },
      },
    }),
  )
})

test('a changed field changes hands, a removed one belongs to nobody', () => {
  const live = written({
    updated: widget({ spec: { size: 1, colour: 'red', tags: ['a'] } }),
    manager: 'first',
  })
  const updated = widget({ spec: { size: 2, tags: ['a', 'b'] } })
  assert.deepEqual(show(update({ live, updated, manager: 'second' })), {
    'first Update': '{"f:spec":{".":{},"f:tags":{".":{},"v:\\"a\\"":{}}}}',
    'second Update': '{"f:spec":{"f:size":{},"f:tags":{"v:\\"b\\"":{}}}}',
  })
})

test('a manager whose last field goes is forgotten', () => {
  const live = written({ updated: widget({ metadata: { labels: { a: 'b' } } }), manager: 'first' })
  assert.deepEqual(show(update({ live, updated: widget({ spec: { size: 1 } }), manager: 'second' })), {
    'second Update': '{"f:spec":{".":{},"f:size":{}}}',
  })
})

test('a write that changes nothing keeps the entries and their times', () => {
  const live = written({ updated: widget({ spec: { size: 1 } }) })
  const managedFields = deepClone(live.metadata.managedFields)
  for (const metadata of [{}, { managedFields }]) {
    const updated = widget({ metadata, spec: { size: 1 } })
    assert.deepEqual(
      update({ live, updated, manager: 'other', now: NOON + 60_000 }),
      live.metadata.managedFields,
    )
  }
})

test('a manager that writes again keeps its entry, with the new time', () => {
  const live = written({ updated: widget({ spec: { size: 1, colour: 'red' } }) })
  const entries = update({ live, updated: widget({ spec: { size: 2, colour: 'red' } }), now: NOON + 60_000 })
  assert.equal(entries.length, 1)
  assert.equal(entries[0]?.time, '2026-01-01T12:01:00Z')
  assert.deepEqual(entries[0]?.fieldsV1, { 'f:spec': { '.': {}, 'f:colour': {}, 'f:size': {} } })
})

test('managers are told apart by subresource and version', () => {
  const live = written({ updated: widget({ spec: { size: 1 } }) })
  const withStatus = widget({ spec: { size: 1 }, status: { phase: 'Ready' } })
  const entries = update({ live, updated: withStatus, subresource: 'status' })
  assert.deepEqual(show(entries), {
    'me Update': '{"f:spec":{".":{},"f:size":{}}}',
    'me Update status': '{"f:status":{".":{},"f:phase":{}}}',
  })
  assert.equal(update({ live, updated: widget({ spec: { size: 3 } }), apiVersion: 'x.dev/v2' }).length, 2)
})

test('an endpoint never owns the fields that it resets, given as paths or as a set', () => {
  const updated = widget({ spec: { size: 1 }, status: { phase: 'Ready', ready: 1 } })
  for (const resetFields of [[['status']], fieldSetOfPaths([['status']])]) {
    assert.deepEqual(show(update({ updated, resetFields })), {
      'me Update': '{"f:spec":{".":{},"f:size":{}}}',
    })
  }
})

test('a writer without a name is unknown', () => {
  assert.equal(update({ updated: widget({ spec: { size: 1 } }), manager: '' })[0]?.manager, 'unknown')
})

test('a client may replace the entries, and what it cannot have meant is ignored', () => {
  const live = written({ updated: widget({ spec: { size: 1 } }) })
  const entry = { manager: 'x', operation: 'Update', apiVersion: 'x.dev/v1', fieldsType: 'FieldsV1' } as const
  const sent = (...managedFields: object[]) =>
    show(update({ live, updated: widget({ metadata: { managedFields }, spec: { size: 1 } }) }))
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

test('a set of another version is compared in that version, and dropped when it is served no more', () => {
  const V1 = object({ spec: object({ size: text }) })
  const live = widget({ spec: { size: '1', colour: 'red' } })
  live.metadata.managedFields = ['x.dev/v1', 'x.dev/v0'].map((apiVersion) => ({
    manager: 'old',
    operation: 'Update',
    apiVersion,
    time: '2020-01-01T00:00:00Z',
    fieldsType: 'FieldsV1',
    fieldsV1: { 'f:spec': { 'f:volume': {}, 'f:colour': {} } },
  }))
  const versioned = object({ spec: object({ volume: text, colour: text }) })
  const entries = update({
    live: deepFreeze(live),
    updated: { ...widget({ spec: { size: '2', colour: 'red' } }), apiVersion: 'x.dev/v2' },
    schema: V1,
    apiVersion: 'x.dev/v2',
    convert: (found, apiVersion) => {
      if (apiVersion === 'x.dev/v0') return undefined
      if (apiVersion === 'x.dev/v2') return { object: found, schema: V1 }
      return {
        object: { ...found, apiVersion, spec: { volume: found['spec'].size, colour: found['spec'].colour } },
        schema: versioned,
      }
    },
  })
  assert.deepEqual(
    entries.map((e) => [e.apiVersion, JSON.stringify(e.fieldsV1)]),
    [
      ['x.dev/v1', '{"f:spec":{"f:colour":{}}}'],
      ['x.dev/v2', '{"f:spec":{"f:size":{}}}'],
    ],
  )
})

test('fields within what has become atomic in a custom schema are owned as the whole', () => {
  const live = widget({ spec: { limits: { a: '1' }, size: 1 } })
  live.metadata.managedFields = [
    {
      manager: 'old',
      operation: 'Update',
      apiVersion: 'x.dev/v1',
      fieldsType: 'FieldsV1',
      fieldsV1: { 'f:spec': { 'f:limits': { '.': {}, 'f:a': {} } } },
    },
  ]
  const updated = widget({ spec: { limits: { a: '1' }, size: 2 } })
  assert.deepEqual(show(update({ live: deepFreeze(live), updated })), {
    'old Update': '{"f:spec":{"f:limits":{}}}',
    'me Update': '{"f:spec":{"f:size":{}}}',
  })
})

test('a status update of a pod takes nothing but status', () => {
  const decoded = (fields: object) =>
    decodeBuiltin({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, ...fields }, POD).value
  const spec = { containers: [{ name: 'c', image: 'i' }] }
  const pod = { schema: POD, apiVersion: 'v1' }
  const live = written({ ...pod, updated: decoded({ spec }) })
  const status = {
    phase: 'Running',
    conditions: [{ type: 'Ready', status: 'True' }],
    podIPs: [{ ip: '10.0.0.1' }],
  }
  const entries = update({
    ...pod,
    live,
    updated: decoded({ spec, status }),
    manager: 'kubelet',
    subresource: 'status',
    resetFields: [['spec']],
  })
  assert.deepEqual(entries.find((e) => e.manager === 'kubelet')?.fieldsV1, {
    'f:status': {
      'f:conditions': {
        '.': {},
        'k:{"type":"Ready"}': {
          '.': {},
          'f:lastProbeTime': {},
          'f:lastTransitionTime': {},
          'f:status': {},
          'f:type': {},
        },
      },
      'f:phase': {},
      'f:podIPs': { '.': {}, 'k:{"ip":"10.0.0.1"}': { '.': {}, 'f:ip': {} } },
    },
  })
  assert.deepEqual(
    entries.find((e) => e.manager === 'me'),
    live.metadata.managedFields?.[0],
  )
})
