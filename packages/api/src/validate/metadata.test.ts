import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lines } from '../kinds/fixtures.ts'
import type { KubeObject, ObjectMeta } from '../object.ts'
import { validateFieldManager, validateObjectMeta, validateObjectMetaUpdate } from './metadata.ts'
import { isDNS1123Label, isDNS1123Subdomain } from './names.ts'

const object = (metadata: ObjectMeta): KubeObject => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata })
const named = (metadata: ObjectMeta = {}): KubeObject =>
  object({ name: 'a', namespace: 'default', ...metadata })
const create = (of: KubeObject) => lines(validateObjectMeta(of, { namespaced: true }))

test('asks for a name and a namespace', () => {
  assert.deepEqual(create(object({})), [
    'metadata.name: Required value: name or generateName is required',
    'metadata.namespace: Required value',
  ])
  assert.deepEqual(create(named()), [])
  assert.deepEqual(lines(validateObjectMeta(named(), { namespaced: false })), [
    'metadata.namespace: Forbidden: not allowed on this type',
  ])
})

test('lets a prefix for generated names end with a dash', () => {
  assert.deepEqual(create(named({ generateName: 'web-' })), [])
  assert.deepEqual(create(named({ generateName: 'Web-' })), [
    `metadata.generateName: Invalid value: "Web-": ${isDNS1123Subdomain('W')[0]}`,
  ])
})

test('applies the rule of the kind to the name', () => {
  const errors = validateObjectMeta(named({ name: 'a.b' }), {
    namespaced: true,
    validateName: isDNS1123Label,
  })
  assert.deepEqual(lines(errors), ['metadata.name: Invalid value: "a.b": must not contain dots'])
})

test('checks labels, annotations, owners, finalizers and managed fields', () => {
  assert.match(
    create(named({ labels: { 'a b': 'c' } }))[0]!,
    /^metadata\.labels: Invalid value: "a b": name part/,
  )
  assert.deepEqual(create(named({ annotations: { 'A.Example.Com/X': 'any text' } })), [])
  assert.deepEqual(create(named({ annotations: { a: 'x'.repeat(256 * 1024) } })), [
    'metadata.annotations: Too long: may not be more than 262144 bytes',
  ])
  const owner = { apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'u', controller: true }
  const both = create(named({ ownerReferences: [owner, { ...owner, name: 'q' }] }))
  assert.match(
    both[0]!,
    /Only one reference can have Controller set to true\. Found "true" in references for Pod\/p and Pod\/q$/,
  )
  assert.deepEqual(create(named({ ownerReferences: [{ ...owner, uid: '' }] })), [
    'metadata.ownerReferences.uid: Invalid value: "": uid must not be empty',
  ])
  assert.match(
    create(named({ ownerReferences: [{ ...owner, kind: 'Event' }] }))[0]!,
    /Kind=Event is disallowed/,
  )
  assert.deepEqual(create(named({ finalizers: ['orphan', 'foregroundDeletion'] })), [
    'metadata.finalizers: Invalid value: ["orphan","foregroundDeletion"]: finalizer orphan and foregroundDeletion cannot be both set',
  ])
  assert.deepEqual(create(named({ managedFields: [{ manager: 'a', fieldsType: 'X' }] })), [
    'metadata.managedFields[0].operation: Invalid value: "": must be `Apply` or `Update`',
    'metadata.managedFields[0].fieldsType: Invalid value: "X": must be `FieldsV1`',
  ])
  assert.deepEqual(create(named({ generation: -1 })), [
    'metadata.generation: Invalid value: -1: must be greater than or equal to 0',
  ])
})

test('keeps the identity of an object through updates', () => {
  const old = named({
    uid: 'u',
    resourceVersion: '1',
    creationTimestamp: '2026-01-01T00:00:00Z',
    generation: 2,
  })
  const update = (metadata: ObjectMeta) =>
    lines(validateObjectMetaUpdate(named({ ...old.metadata, ...metadata }), old))
  assert.deepEqual(update({}), [])
  assert.deepEqual(update({ uid: 'v' }), ['metadata.uid: Invalid value: "v": field is immutable'])
  assert.deepEqual(update({ generation: 1 }), [
    'metadata.generation: Invalid value: 1: must not be decremented',
  ])
  assert.deepEqual(update({ resourceVersion: '' }), [
    'metadata.resourceVersion: Invalid value: "": must be specified for an update',
  ])
  assert.deepEqual(update({ deletionTimestamp: '2026-01-02T00:00:00Z' }), [
    'metadata.deletionTimestamp: Invalid value: "2026-01-02T00:00:00Z": field is immutable',
  ])
})

test('takes no new finalizers once deletion has begun', () => {
  const old = named({ resourceVersion: '1', deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: ['a/b'] })
  const next = named({ ...old.metadata, finalizers: ['a/b', 'c/d'] })
  assert.deepEqual(lines(validateObjectMetaUpdate(next, old)), [
    'metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"c/d"}',
  ])
  assert.deepEqual(lines(validateObjectMetaUpdate(named({ ...old.metadata, finalizers: [] }), old)), [])
})

test('refuses field managers that cannot be printed', () => {
  assert.deepEqual(lines(validateFieldManager('a\nb', 'fieldManager')), [
    'fieldManager: Invalid value: "a\\nb": invalid character U+000A (at position 1)',
  ])
  assert.deepEqual(validateFieldManager('kubectl-ü', 'fieldManager'), [])
})
