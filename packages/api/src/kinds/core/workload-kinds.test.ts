import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Json } from '../../validate/json.ts'
import { columnNames, createErrors, defaulted, podObject, row, workloadObject } from '../fixtures.ts'
import { binding } from './binding.ts'
import { podTemplate } from './pod-template.ts'
import { replicationController } from './replication-controller.ts'

const rc = (spec: Json = {}) =>
  workloadObject('v1', 'ReplicationController', { selector: { app: 'a' }, ...spec })

test('a replication controller takes selector and labels from its template', () => {
  const filled = defaulted(replicationController, rc({ selector: undefined }))
  assert.deepEqual(filled['spec'].selector, { app: 'a' })
  assert.deepEqual(filled.metadata.labels, { app: 'a' })
  assert.equal(filled['spec'].replicas, 1)
})

test('a replication controller must select the pods that it makes', () => {
  assert.deepEqual(createErrors(replicationController, rc()), [])
  assert.deepEqual(createErrors(replicationController, rc({ selector: { app: 'b' } })), [
    'spec.template.metadata.labels: Invalid value: map[string]string{"app":"a"}: `selector` does not match template `labels`',
  ])
  assert.deepEqual(createErrors(replicationController, rc({ template: undefined, selector: undefined })), [
    'spec.selector: Required value',
    'spec.template: Required value',
  ])
})

test('replication controllers print like kubectl', () => {
  assert.deepEqual(columnNames(replicationController), [
    'Desired',
    'Current',
    'Ready',
    'Age',
    'Containers*',
    'Images*',
    'Selector*',
  ])
  assert.deepEqual(row(replicationController, { ...rc({ replicas: 2 }), status: { replicas: 1 } }), [
    2,
    1,
    0,
    '24h',
    'c',
    'nginx',
    'app=a',
  ])
})

test('pod templates print what they would run, and are checked', () => {
  const template = (spec: Json) => ({
    ...podObject(),
    kind: 'PodTemplate',
    template: { metadata: { labels: { a: 'b' } }, spec },
  })
  assert.deepEqual(
    row(
      podTemplate,
      template({
        containers: [
          { name: 'c', image: 'i' },
          { name: 'd', image: 'j' },
        ],
      }),
    ),
    ['c,d', 'i,j', 'a=b'],
  )
  assert.deepEqual(createErrors(podTemplate, template({ containers: [] })), [
    'template.spec.containers: Required value',
  ])
})

test('a binding names a node', () => {
  const to = (target: Json) => ({ apiVersion: 'v1', kind: 'Binding', metadata: { name: 'p' }, target })
  assert.deepEqual(createErrors(binding, to({ kind: 'Node', name: 'n' })), [])
  assert.deepEqual(createErrors(binding, to({ kind: 'Moon' })), [
    'target.kind: Unsupported value: "Moon": supported values: "<empty>", "Node"',
    'target.name: Required value',
  ])
})
