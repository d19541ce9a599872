import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cellsOf, created, refuses, refusesUpdates, warningsOf, withPaths } from '../testing.ts'

const SLICE = {
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { name: 'web-abc' },
  addressType: 'IPv4',
  endpoints: [{ addresses: ['10.0.0.1'] }],
  ports: [{ port: 80 }],
}

test('ports are nameless and TCP unless said otherwise', () => {
  assert.deepEqual(created(SLICE)['ports'], [{ name: '', protocol: 'TCP', port: 80 }])
})

refuses(SLICE, [
  [
    'knows its address types',
    { addressType: 'MAC' },
    ['addressType: Unsupported value: "MAC": supported values: "FQDN", "IPv4", "IPv6"'],
  ],
  [
    'has addresses of its type',
    { 'endpoints[0].addresses': ['fd00::1', '127.0.0.1'] },
    [
      'endpoints[0].addresses[0]: Invalid value: "fd00::1": must be a valid IPv4 address',
      'endpoints[0].addresses[1]: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
    ],
  ],
  [
    'has an address for each endpoint',
    { 'endpoints[0].addresses': [] },
    ['endpoints[0].addresses: Required value: must contain at least 1 address'],
  ],
  [
    'has a hundred addresses an endpoint',
    { 'endpoints[0].addresses': new Array(101).fill('10.0.0.1') },
    ['endpoints[0].addresses: Too many: 101: must have at most 100 items'],
  ],
  [
    'has a thousand endpoints',
    { endpoints: new Array(1001).fill({ addresses: ['10.0.0.1'] }) },
    ['endpoints: Too many: 1001: must have at most 1000 items'],
  ],
  [
    'has each port name once',
    { ports: [{ name: 'a' }, { name: 'a', protocol: 'ICMP', port: 0 }] },
    [
      'ports[1].name: Duplicate value: "a"',
      'ports[1].protocol: Unsupported value: "ICMP": supported values: "SCTP", "TCP", "UDP"',
      'ports[1].port: Invalid value: 0: must be between 1 and 65535, inclusive',
    ],
  ],
  [
    'hints at each zone once',
    { 'endpoints[0].hints': { forZones: [{ name: 'a' }, { name: 'a' }] } },
    ['endpoints[0].hints.forZones[1].name: Duplicate value: "a"'],
  ],
])

refusesUpdates(SLICE, [
  [
    'keeps its address type',
    { addressType: 'FQDN', endpoints: [] },
    ['addressType: Invalid value: "FQDN": field is immutable'],
  ],
])

test('warns of addresses with leading zeros', () => {
  assert.equal(warningsOf(withPaths(SLICE, { 'endpoints[0].addresses': ['10.0.0.01'] })).length, 1)
})

test('the table shows ports and addresses', () => {
  const cells = cellsOf(
    withPaths(SLICE, { 'endpoints[0].addresses': ['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4'] }),
  )
  assert.equal(cells['Ports'], '80')
  assert.equal(cells['Endpoints'], '10.0.0.1,10.0.0.2,10.0.0.3 + 1 more...')
  assert.equal(cellsOf(withPaths(SLICE, { ports: [], endpoints: [] }))['Ports'], '<unset>')
})
