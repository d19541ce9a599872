import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cellsOf, created, refuses, refusesUpdates, warningsOf, withPaths } from '../testing.ts'

const CLASS = {
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  metadata: { name: 'fast' },
  provisioner: 'brume.dev/pool',
  parameters: { pool: 'ssd' },
}

test('deletes volumes after use, and makes them at once', () => {
  assert.equal(created(CLASS)['reclaimPolicy'], 'Delete')
  assert.equal(created(CLASS)['volumeBindingMode'], 'Immediate')
})

refuses(CLASS, [
  ['names its provisioner', { provisioner: '' }, ['provisioner: Required value']],
  [
    'knows its policies',
    { reclaimPolicy: 'Recycle', volumeBindingMode: 'Later' },
    [
      'reclaimPolicy: Unsupported value: "Recycle": supported values: "Delete", "Retain"',
      'volumeBindingMode: Unsupported value: "Later": supported values: "Immediate", "WaitForFirstConsumer"',
    ],
  ],
  [
    'has parameters with names',
    { parameters: { '': 'x' } },
    ['parameters: Invalid value: "": field can not be empty.'],
  ],
  [
    'has parameters that fit',
    { parameters: { a: 'x'.repeat(256 * 1024) } },
    ['parameters: Too long: may not be more than 262144 bytes'],
  ],
  [
    'says each zone once',
    {
      allowedTopologies: [
        {
          matchLabelExpressions: [
            { key: 'zone', values: ['a', 'a'] },
            { key: 'zone', values: [] },
          ],
        },
      ],
    },
    [
      'allowedTopologies[0].matchLabelExpressions[0].values[1]: Duplicate value: "a"',
      'allowedTopologies[0].matchLabelExpressions[1].values: Required value',
      'allowedTopologies[0].matchLabelExpressions[1].key: Duplicate value: "zone"',
    ],
  ],
])

refusesUpdates(CLASS, [
  [
    'makes volumes as before',
    {
      parameters: { pool: 'hdd' },
      provisioner: 'a.b/c',
      reclaimPolicy: 'Retain',
      volumeBindingMode: 'WaitForFirstConsumer',
    },
    [
      'parameters: Forbidden: updates to parameters are forbidden.',
      'provisioner: Forbidden: updates to provisioner are forbidden.',
      'reclaimPolicy: Forbidden: updates to reclaimPolicy are forbidden.',
      'volumeBindingMode: Invalid value: "WaitForFirstConsumer": field is immutable',
    ],
  ],
  ['may allow growth', { allowVolumeExpansion: true }, []],
])

test('the table marks the default class', () => {
  const annotations = { 'storageclass.kubernetes.io/is-default-class': 'true' }
  assert.deepEqual(cellsOf(withPaths(CLASS, { 'metadata.annotations': annotations })), {
    Name: 'fast (default)',
    Provisioner: 'brume.dev/pool',
    ReclaimPolicy: 'Delete',
    VolumeBindingMode: 'Immediate',
    AllowVolumeExpansion: false,
    Age: '<unknown>',
  })
})

test('warns of labels with newer names', () => {
  const key = 'failure-domain.beta.kubernetes.io/zone'
  const allowedTopologies = [{ matchLabelExpressions: [{ key, values: ['a'] }] }]
  assert.deepEqual(warningsOf({ ...CLASS, allowedTopologies }), [
    `allowedTopologies[0].matchLabelExpressions[0].key: ${key} is deprecated since v1.17; use "topology.kubernetes.io/zone" instead`,
  ])
})
