import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cellsOf, refuses, refusesUpdates, warningsOf } from '../testing.ts'

const CLASS = {
  apiVersion: 'node.k8s.io/v1',
  kind: 'RuntimeClass',
  metadata: { name: 'vm' },
  handler: 'qemu',
}

refuses(CLASS, [
  ['has a label as handler', { handler: 'a.b' }, ['handler: Invalid value: "a.b": must not contain dots']],
  [
    'has an overhead of known resources',
    { overhead: { podFixed: { wheels: '1' } } },
    [
      'overhead.limits[wheels]: Invalid value: "wheels": must be a standard resource type or fully qualified',
      'overhead.limits[wheels]: Invalid value: "wheels": must be a standard resource for containers',
    ],
  ],
  [
    'tolerates what can be',
    { scheduling: { tolerations: [{ key: 'k', operator: 'Exists', value: 'x' }] } },
    [
      'scheduling.tolerations[0].operator: Invalid value: "x": value must be empty when `operator` is \'Exists\'',
    ],
  ],
])

refusesUpdates(CLASS, [
  ['keeps its handler', { handler: 'runc' }, ['handler: Invalid value: "runc": field is immutable']],
])

test('the table shows the handler', () => {
  assert.equal(cellsOf(CLASS)['Handler'], 'qemu')
})

test('warns of labels with newer names', () => {
  const scheduling = { nodeSelector: { 'beta.kubernetes.io/os': 'linux' } }
  assert.deepEqual(warningsOf({ ...CLASS, scheduling }), [
    'scheduling.nodeSelector: deprecated since v1.14; use "kubernetes.io/os" instead',
  ])
})
