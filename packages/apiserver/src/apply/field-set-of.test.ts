import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fieldSetOf, withNamedFields } from './field-set-of.ts'
import { mergeTypeOf } from './merge-type.ts'
import { DEPLOYMENT, POD, WIDGET, widget } from './testing/schemas.ts'

const ofSpec = (spec: unknown) => JSON.stringify(fieldSetOf({ spec }, WIDGET))

test('scalars, atomic lists and atomic maps are owned as a whole', () => {
  assert.equal(
    ofSpec({ size: 1, steps: ['a'], limits: { cpu: '1' } }),
    '{"f:spec":{"f:limits":{},"f:size":{},"f:steps":{}}}',
  )
})

test('items of sets and of lists with keys are owned one by one', () => {
  assert.equal(ofSpec({ tags: ['b', 'a'] }), '{"f:spec":{"f:tags":{"v:\\"a\\"":{},"v:\\"b\\"":{}}}}')
  assert.equal(
    ofSpec({ parts: [{ name: 'p', weight: 1 }] }),
    '{"f:spec":{"f:parts":{"k:{\\"name\\":\\"p\\"}":{".":{},"f:name":{},"f:weight":{}}}}}',
  )
})

test('a key that an item lacks is its default', () => {
  assert.equal(
    ofSpec({ ports: [{ port: 80 }] }),
    '{"f:spec":{"f:ports":{"k:{\\"port\\":80,\\"protocol\\":\\"TCP\\"}":{".":{},"f:port":{}}}}}',
  )
})

test('null and empty objects are owned themselves, an empty list of items is not', () => {
  assert.equal(ofSpec({ nested: {} }), '{"f:spec":{"f:nested":{}}}')
  assert.equal(ofSpec({ nested: null, parts: null }), '{"f:spec":{"f:nested":{},"f:parts":{}}}')
  assert.equal(ofSpec({ parts: [], tags: [] }), '{}')
  assert.equal(ofSpec({ steps: [] }), '{"f:spec":{"f:steps":{}}}')
})

test('free-form objects are owned member by member, their lists as a whole', () => {
  assert.equal(
    ofSpec({ extra: { a: { b: 1 }, c: [1, { d: 2 }] } }),
    '{"f:spec":{"f:extra":{"f:a":{".":{},"f:b":{}},"f:c":{}}}}',
  )
  assert.equal(ofSpec({ extra: 'text' }), '{"f:spec":{"f:extra":{}}}')
})

test('undeclared fields of an open object are owned, of a closed one they are not', () => {
  assert.equal(
    ofSpec({ open: { known: 'a', more: { x: 1 } } }),
    '{"f:spec":{"f:open":{"f:known":{},"f:more":{".":{},"f:x":{}}}}}',
  )
  assert.equal(ofSpec({ unheard: 1, size: 2 }), '{"f:spec":{"f:size":{}}}')
})

test('repeated items are owned as one, without what is in them', () => {
  const parts = [{ name: 'p', weight: 1 }, { name: 'p', weight: 2 }, { name: 'q' }]
  assert.equal(
    ofSpec({ parts }),
    '{"f:spec":{"f:parts":{"k:{\\"name\\":\\"p\\"}":{},"k:{\\"name\\":\\"q\\"}":{".":{},"f:name":{}}}}}',
  )
})

test('names that every object inherits are fields like any other', () => {
  const labels = JSON.parse('{"__proto__":"a","constructor":"b"}')
  assert.equal(
    JSON.stringify(fieldSetOf(widget({ metadata: { labels } }), WIDGET)),
    '{"f:apiVersion":{},"f:kind":{},"f:metadata":{"f:labels":{"f:__proto__":{},"f:constructor":{}},"f:name":{},"f:namespace":{}}}',
  )
})

test('a Deployment as kubectl applies it', () => {
  const config = {
    metadata: { labels: { app: 'web' } },
    spec: {
      replicas: 3,
      selector: { matchLabels: { app: 'web' } },
      template: { spec: { containers: [{ name: 'nginx', image: 'nginx', ports: [{ containerPort: 80 }] }] } },
    },
  }
  assert.deepEqual(fieldSetOf(config, DEPLOYMENT), {
    'f:metadata': { 'f:labels': { 'f:app': {} } },
    'f:spec': {
      'f:replicas': {},
      'f:selector': {},
      'f:template': {
        'f:spec': {
          'f:containers': {
            'k:{"name":"nginx"}': {
              '.': {},
              'f:image': {},
              'f:name': {},
              'f:ports': { 'k:{"containerPort":80,"protocol":"TCP"}': { '.': {}, 'f:containerPort': {} } },
            },
          },
        },
      },
    },
  })
})

test('declared fields above a path join it, map entries and list items do not', () => {
  const set = fieldSetOf({ spec: { containers: [{ name: 'a', resources: { limits: { cpu: '1' } } }] } }, POD)
  const { 'f:spec': spec } = withNamedFields(set, mergeTypeOf(POD))
  assert.deepEqual(spec, {
    '.': {},
    'f:containers': {
      '.': {},
      'k:{"name":"a"}': {
        '.': {},
        'f:name': {},
        'f:resources': { '.': {}, 'f:limits': { '.': {}, 'f:cpu': {} } },
      },
    },
  })
})
