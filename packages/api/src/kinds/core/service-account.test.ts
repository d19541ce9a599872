import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cellsOf, created, kindOf, refuses, warningsOf } from '../testing.ts'

const ACCOUNT = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'build' } }

refuses(ACCOUNT, [
  [
    'needs a name',
    { 'metadata.name': '' },
    ['metadata.name: Required value: name or generateName is required'],
  ],
])

test('keeps nothing but the names of secrets', () => {
  const secrets = [{ name: 'a', namespace: 'other', uid: '1' }]
  assert.deepEqual(created({ ...ACCOUNT, secrets })['secrets'], [{ name: 'a' }])
  assert.equal(cellsOf({ ...ACCOUNT, secrets })['Secrets'], 1)
})

test('offers tokens, and warns of the annotation that restricts secrets', () => {
  assert.deepEqual(
    kindOf(ACCOUNT).subresources.map(({ name }) => name),
    ['token'],
  )
  const annotations = { 'kubernetes.io/enforce-mountable-secrets': 'true' }
  assert.deepEqual(warningsOf({ ...ACCOUNT, metadata: { name: 'build', annotations } }), [
    'metadata.annotations[kubernetes.io/enforce-mountable-secrets]: deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets',
  ])
})
