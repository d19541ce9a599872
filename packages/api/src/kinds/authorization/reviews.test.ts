import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Json } from '../../validate/json.ts'
import { created, kindOf } from '../testing.ts'

const QUESTION = { verb: 'get', resource: 'pods', namespace: 'a' }

function errorsOf(kind: string, spec: Json, metadata: Json = {}): string[] {
  const manifest = { apiVersion: 'authorization.k8s.io/v1', kind, metadata, spec }
  const errors = kindOf(manifest).validate?.(created(manifest), { now: 0 }) ?? []
  return errors.map((error) => `${error.field}: ${error.message}`)
}

test('asks about somebody, and about a resource or a path', () => {
  assert.deepEqual(errorsOf('SubjectAccessReview', { user: 'ann', resourceAttributes: QUESTION }), [])
  assert.deepEqual(errorsOf('SubjectAccessReview', {}), [
    'spec.user: Invalid value: "": at least one of user or group must be specified',
    'spec.resourceAttributes: Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified',
  ])
  assert.deepEqual(
    errorsOf('SelfSubjectAccessReview', {
      resourceAttributes: QUESTION,
      nonResourceAttributes: { path: '/' },
    }),
    [
      'spec.nonResourceAttributes: Invalid value: {"path":"/"}: cannot be specified in combination with resourceAttributes',
    ],
  )
})

test('has no name or labels', () => {
  const spec = { resourceAttributes: QUESTION }
  assert.deepEqual(errorsOf('SelfSubjectAccessReview', spec, { name: 'x' }), [
    'metadata: Invalid value: {"name":"x","creationTimestamp":null}: must be empty',
  ])
})

test('a local one stays in its namespace', () => {
  const spec = { user: 'ann', resourceAttributes: QUESTION, nonResourceAttributes: { path: '/' } }
  assert.deepEqual(errorsOf('LocalSubjectAccessReview', spec, { namespace: 'b' }), [
    'spec.nonResourceAttributes: Invalid value: {"path":"/"}: cannot be specified in combination with resourceAttributes',
    'spec.resourceAttributes.namespace: Invalid value: "a": must match metadata.namespace',
    'spec.nonResourceAttributes: Invalid value: {"path":"/"}: disallowed on this kind of request',
  ])
})

test('narrows by selectors of one form', () => {
  const fieldSelector = { rawSelector: 'a=b', requirements: [{ key: 'a', operator: 'Exists' }] }
  const labelSelector = {}
  assert.deepEqual(
    errorsOf('SelfSubjectAccessReview', {
      resourceAttributes: { ...QUESTION, fieldSelector, labelSelector },
    }),
    [
      'spec.resourceAttributes.fieldSelector.rawSelector: Forbidden: may not specified at the same time as requirements',
      'spec.resourceAttributes.labelSelector.requirements: Required value: when spec.resourceAttributes.labelSelector is specified, requirements or rawSelector is required',
    ],
  )
})
