import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cellsOf, created, kindOf, refuses, refusesUpdates, warningsOf, withPaths } from '../testing.ts'

const NODE = {
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 'n1', labels: { 'node-role.kubernetes.io/control-plane': '' } },
  spec: { podCIDR: '10.1.0.0/24' },
  status: {
    capacity: { cpu: '4', pods: '110' },
    addresses: [{ type: 'InternalIP', address: '192.168.0.2' }],
    conditions: [{ type: 'Ready', status: 'True' }],
    nodeInfo: { kubeletVersion: 'v1.32.0', osImage: 'Debian', kernelVersion: '6.1' },
  },
}

test('may allocate what it has, and knows its pod block by both names', () => {
  const { spec, status } = created(NODE)
  assert.deepEqual(status.allocatable, { cpu: '4', pods: '110' })
  assert.deepEqual(spec.podCIDRs, ['10.1.0.0/24'])
  assert.equal(kindOf(NODE).keepsStatusOnCreate, true)
})

refuses(NODE, [
  [
    'has good taints',
    {
      'spec.taints': [
        { key: 'a b', effect: 'NoSchedule' },
        { key: 'k', value: '-', effect: 'Never' },
        { key: 'k' },
      ],
    },
    [
      "metadata.taints[0].key: Invalid value: \"a b\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
      "metadata.taints[1].value: Invalid value: \"-\": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
      'metadata.taints[1].effect: Unsupported value: "Never": supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"',
      'metadata.taints[2].effect: Required value',
    ],
  ],
  [
    'has each taint once',
    {
      'spec.taints': [
        { key: 'k', effect: 'NoExecute' },
        { key: 'k', effect: 'NoExecute' },
      ],
    },
    [
      'metadata.taints[1]: Duplicate value: {"key":"k","effect":"NoExecute"}: taints must be unique by key and effect pair',
    ],
  ],
  [
    'has one pod block of a family',
    { 'spec.podCIDRs': ['10.1.0.0/24', '10.2.0.0/24'] },
    [
      'spec.podCIDRs: Invalid value: ["10.1.0.0/24","10.2.0.0/24"]: may specify no more than one CIDR for each IP family',
    ],
  ],
  [
    'counts pods in whole numbers',
    { 'status.capacity': { pods: '1500m' } },
    [
      'status.capacity.pods: Invalid value: "1500m": must be an integer',
      'status.allocatable.pods: Invalid value: "1500m": must be an integer',
    ],
  ],
])

refusesUpdates(withPaths(NODE, { 'spec.providerID': 'brume://n1' }), [
  [
    'keeps its pod block',
    { 'spec.podCIDR': '10.9.0.0/24', 'spec.podCIDRs': ['10.9.0.0/24'] },
    ['spec.podCIDRs: Forbidden: node updates may not change podCIDR except from "" to valid'],
  ],
  [
    'keeps its provider id',
    { 'spec.providerID': 'x' },
    ['spec.providerID: Forbidden: node updates may not change providerID except from "" to valid'],
  ],
  [
    'has each address once',
    { 'status.addresses[1]': { type: 'InternalIP', address: '192.168.0.2' } },
    ['status.addresses[1]: Duplicate value: {"type":"InternalIP","address":"192.168.0.2"}'],
  ],
])

test('warns of a field that nothing uses', () => {
  assert.deepEqual(warningsOf(withPaths(NODE, { 'spec.externalID': 'x' })), [
    'spec.externalID: this field is deprecated, and is unused by Kubernetes',
  ])
})

test('the table shows readiness, roles and system', () => {
  const cells = cellsOf(withPaths(NODE, { 'spec.unschedulable': true }))
  assert.equal(cells['Status'], 'Ready,SchedulingDisabled')
  assert.equal(cells['Roles'], 'control-plane')
  assert.equal(cells['Internal-IP'], '192.168.0.2')
  assert.equal(cells['External-IP'], '<none>')
  assert.equal(cells['Container-Runtime'], '<unknown>')
  assert.equal(cellsOf(withPaths(NODE, { 'status.conditions': [] }))['Status'], 'Unknown')
})
