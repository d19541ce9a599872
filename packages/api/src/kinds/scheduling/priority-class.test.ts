import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cellsOf, created, refuses, refusesUpdates, withPaths } from '../testing.ts'

const CLASS = {
  apiVersion: 'scheduling.k8s.io/v1',
  kind: 'PriorityClass',
  metadata: { name: 'high' },
  value: 1000,
}
const SYSTEM = "priority class names with 'system-' prefix are reserved for system use only. error:"

test('preempts lower priorities unless said otherwise', () => {
  assert.equal(created(CLASS)['preemptionPolicy'], 'PreemptLowerPriority')
})

refuses(CLASS, [
  [
    'leaves the top to the system',
    { value: 1000000001 },
    ['value: Forbidden: maximum allowed value of a user defined priority is 1000000000'],
  ],
  [
    'leaves system names to the system',
    { 'metadata.name': 'system-mine' },
    [`metadata.name: Forbidden: ${SYSTEM} system-mine is not a known system priority class`],
  ],
  [
    'accepts the system classes as they are',
    { 'metadata.name': 'system-node-critical', value: 2000001000 },
    [],
  ],
  [
    'refuses other values for the system classes',
    { 'metadata.name': 'system-node-critical' },
    [`metadata.name: Forbidden: ${SYSTEM} value of system-node-critical PriorityClass must be 2000001000`],
  ],
  [
    'refuses a system class as the default',
    { 'metadata.name': 'system-node-critical', value: 2000001000, globalDefault: true },
    [`metadata.name: Forbidden: ${SYSTEM} globalDefault of system-node-critical PriorityClass must be false`],
  ],
  [
    'knows its policies',
    { preemptionPolicy: 'Always' },
    ['preemptionPolicy: Unsupported value: "Always": supported values: "PreemptLowerPriority", "Never"'],
  ],
])

refusesUpdates(CLASS, [
  [
    'keeps value and policy',
    { value: 5, preemptionPolicy: 'Never' },
    [
      'value: Forbidden: may not be changed in an update.',
      'preemptionPolicy: Invalid value: "Never": field is immutable',
    ],
  ],
])

test('the table shows value and policy', () => {
  assert.deepEqual(cellsOf(withPaths(CLASS, { globalDefault: true })), {
    Name: 'high',
    Value: 1000,
    'Global-Default': true,
    Age: '<unknown>',
    PreemptionPolicy: 'PreemptLowerPriority',
  })
})
