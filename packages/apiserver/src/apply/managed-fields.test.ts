import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeBuiltin } from '@brume/api/schema/decode'
import { deepClone, deepFreeze } from '@brume/base/values'
import { fieldSetOfPaths } from './field-set.ts'
import { DEPLOYMENT, object, POD, text, widget } from './testing/schemas.ts'
import { NOON, shown, update, written } from './testing/updating.ts'

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
  assert.deepEqual(shown(update({ live, updated, manager: 'second' })), {
    'first Update': '{"f:spec":{".":{},"f:tags":{".":{},"v:\\"a\\"":{}}}}',
    'second Update': '{"f:spec":{"f:size":{},"f:tags":{"v:\\"b\\"":{}}}}',
  })
})

test('a manager whose last field goes is forgotten', () => {
  const live = written({ updated: widget({ metadata: { labels: { a: 'b' } } }), manager: 'first' })
  assert.deepEqual(shown(update({ live, updated: widget({ spec: { size: 1 } }), manager: 'second' })), {
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
  assert.deepEqual(shown(entries), {
    'me Update': '{"f:spec":{".":{},"f:size":{}}}',
    'me Update status': '{"f:status":{".":{},"f:phase":{}}}',
  })
  assert.equal(update({ live, updated: widget({ spec: { size: 3 } }), apiVersion: 'x.dev/v2' }).length, 2)
})

test('an endpoint never owns the fields that it resets, given as paths or as a set', () => {
  const updated = widget({ spec: { size: 1 }, status: { phase: 'Ready', ready: 1 } })
  for (const resetFields of [[['status']], fieldSetOfPaths([['status']])]) {
    assert.deepEqual(shown(update({ updated, resetFields })), {
      'me Update': '{"f:spec":{".":{},"f:size":{}}}',
    })
  }
})

test('a writer without a name is unknown', () => {
  assert.equal(update({ updated: widget({ spec: { size: 1 } }), manager: '' })[0]?.manager, 'unknown')
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
  assert.deepEqual(shown(update({ live: deepFreeze(live), updated })), {
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
