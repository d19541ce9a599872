import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cellsOf, created, kindOf, refuses, statusErrors, updated, withPaths } from '../testing.ts'
import { validateNamespaceFinalize } from './namespace.ts'

const NAMESPACE = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'team' } }

test('is active, labelled with its name, and finalized by the control plane', () => {
  const object = created(NAMESPACE)
  assert.deepEqual(object.metadata.labels, { 'kubernetes.io/metadata.name': 'team' })
  assert.deepEqual(object.spec, { finalizers: ['kubernetes'] })
  assert.deepEqual(object.status, { phase: 'Active' })
})

test('an ordinary update leaves the finalizers alone', () => {
  assert.deepEqual(updated(NAMESPACE, withPaths(NAMESPACE, { 'spec.finalizers': [] })).spec, {
    finalizers: ['kubernetes'],
  })
})

refuses(NAMESPACE, [
  [
    'has a label as name',
    { 'metadata.name': 'a.b' },
    ['metadata.name: Invalid value: "a.b": must not contain dots'],
  ],
  [
    'has qualified finalizers',
    { 'spec.finalizers': ['mine'] },
    [
      'spec.finalizers: Invalid value: "mine": name is neither a standard finalizer name nor is it fully qualified',
    ],
  ],
])

test('the finalize subresource checks each finalizer', () => {
  const errors = validateNamespaceFinalize(created(withPaths(NAMESPACE, { 'spec.finalizers': ['mine'] })))
  assert.deepEqual(
    errors.map(({ field }) => field),
    ['spec.finalizers[0]'],
  )
})

test('the phase follows the deletion', () => {
  assert.deepEqual(statusErrors({ ...NAMESPACE, status: { phase: 'Terminating' } }), [
    'status.Phase: Invalid value: "Terminating": may only be \'Active\' if `deletionTimestamp` is empty',
  ])
  assert.deepEqual(
    statusErrors(
      withPaths(NAMESPACE, {
        'metadata.deletionTimestamp': '2025-01-01T00:00:00Z',
        'status.phase': 'Active',
      }),
    ),
    [
      'status.Phase: Invalid value: "Active": may only be \'Terminating\' if `deletionTimestamp` is not empty',
    ],
  )
})

test('can be selected by phase, and shows it', () => {
  assert.equal(kindOf(NAMESPACE).selectableFields['status.phase']!(created(NAMESPACE)), 'Active')
  assert.equal(cellsOf(NAMESPACE)['Status'], 'Active')
})
