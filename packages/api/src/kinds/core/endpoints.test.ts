import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cellsOf, created, refuses, warningsOf, withPaths } from '../testing.ts'

const ENDPOINTS = {
  apiVersion: 'v1',
  kind: 'Endpoints',
  metadata: { name: 'web' },
  subsets: [{ addresses: [{ ip: '10.0.0.1' }, { ip: '10.0.0.2' }], ports: [{ port: 80 }] }],
}

test('ports are TCP unless said otherwise', () => {
  assert.deepEqual(created(ENDPOINTS)['subsets'][0].ports, [{ port: 80, protocol: 'TCP' }])
})

refuses(ENDPOINTS, [
  [
    'has addresses',
    { 'subsets[0].addresses': undefined },
    ['subsets[0]: Required value: must specify `addresses` or `notReadyAddresses`'],
  ],
  [
    'has addresses that another machine can reach',
    { 'subsets[0].addresses': [{ ip: '169.254.1.1' }, { ip: 'x' }] },
    [
      'subsets[0].addresses[0].ip: Invalid value: "169.254.1.1": may not be in the link-local range (169.254.0.0/16, fe80::/10)',
      'subsets[0].addresses[1].ip: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
      'subsets[0].addresses[1].ip: Invalid value: "x": must be a valid IP address',
    ],
  ],
  [
    'names each of several ports, in range',
    { 'subsets[0].ports': [{ port: 80 }, { name: 'b', port: 0 }] },
    [
      'subsets[0].ports[0].name: Required value',
      'subsets[0].ports[1].port: Invalid value: 0: must be between 1 and 65535, inclusive',
    ],
  ],
])

test('warns of addresses with leading zeros', () => {
  assert.deepEqual(
    warningsOf(withPaths(ENDPOINTS, { 'subsets[0].notReadyAddresses': [{ ip: '10.0.0.01' }] })),
    [
      'subsets[0].notReadyAddresses[0].ip: IP address was accepted, but will be invalid in a future Kubernetes release: ParseAddr("10.0.0.01"): IPv4 field has octet with leading zero',
    ],
  )
})

test('the table shows three and counts the rest', () => {
  const ports = [
    { name: 'a', port: 80 },
    { name: 'b', port: 443 },
  ]
  assert.equal(cellsOf(ENDPOINTS)['Endpoints'], '10.0.0.1:80,10.0.0.2:80')
  assert.equal(
    cellsOf(withPaths(ENDPOINTS, { 'subsets[0].ports': ports }))['Endpoints'],
    '10.0.0.1:80,10.0.0.2:80,10.0.0.1:443 + 1 more...',
  )
  assert.equal(cellsOf(withPaths(ENDPOINTS, { subsets: undefined }))['Endpoints'], '<none>')
  assert.equal(
    cellsOf(withPaths(ENDPOINTS, { 'subsets[0].addresses': [{ ip: 'fd00::1' }] }))['Endpoints'],
    '[fd00::1]:80',
  )
})
