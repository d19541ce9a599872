import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cellsOf, created, kindOf, refuses, withPaths } from '../testing.ts'

const LEASE = {
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  metadata: { name: 'l' },
  spec: { holderIdentity: 'n1', leaseDurationSeconds: 15, leaseTransitions: 0 },
}

refuses(LEASE, [
  [
    'lasts a while, and is counted up',
    { 'spec.leaseDurationSeconds': 0, 'spec.leaseTransitions': -1 },
    [
      'spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0',
      'spec.leaseTransitions: Invalid value: -1: must be greater than or equal to 0',
    ],
  ],
])

test('does not keep the fields of coordinated election', () => {
  const { spec } = created(withPaths(LEASE, { 'spec.strategy': 'OldestEmulationVersion' }))
  assert.equal(spec.strategy, undefined)
})

test('may be made by PUT, never overwritten blindly, and shows its holder', () => {
  assert.equal(kindOf(LEASE).allowCreateOnUpdate, true)
  assert.equal(kindOf(LEASE).allowUnconditionalUpdate, false)
  assert.equal(cellsOf(LEASE)['Holder'], 'n1')
})
