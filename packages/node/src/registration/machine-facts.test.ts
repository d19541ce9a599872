import assert from 'node:assert/strict'
import type { NetworkInterfaceInfo } from 'node:os'
import { tmpdir } from 'node:os'
import { test } from 'node:test'
import { defaultInterface, nodeAddress, steadyAddress } from './addresses.ts'
import { clockJumps } from './clock-jump.ts'
import { hugepagesResource, osImageOf, readMachineFacts } from './machine-facts.ts'

const HEADER = 'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT'
const row = (name: string, destination: string, flags: string, metric: number, mask: string) =>
  [name, destination, '010200C0', flags, 0, 0, metric, mask, 0, 0, 0].join('\t')
const at = (address: string, family: 'IPv4' | 'IPv6' = 'IPv4'): NetworkInterfaceInfo[] =>
  [{ address, family, internal: address.startsWith('127.') }] as NetworkInterfaceInfo[]

test('the default route is the one with the lowest metric', () => {
  const routes = [
    HEADER,
    row('wlan0', '00000000', '0003', 600, '00000000'),
    row('eth1', '00000000', '0003', 100, '00000000'),
    row('eth0', '000200C0', '0001', 0, '00FFFFFF'),
  ].join('\n')
  assert.equal(defaultInterface(routes), 'eth1')
  assert.equal(defaultInterface(HEADER), undefined)
})

test('the node’s address is that of the default route, then of a card, then any, then loopback', () => {
  const interfaces = {
    lo: at('127.0.0.1'),
    docker0: at('172.17.0.1'),
    eth0: at('192.0.2.2'),
    eth1: at('198.51.100.3'),
  }
  const isDevice = (name: string) => name.startsWith('eth')
  const routes = [HEADER, row('eth1', '00000000', '0003', 0, '00000000')].join('\n')
  assert.equal(nodeAddress({ interfaces, routes, isDevice }), '198.51.100.3')
  assert.equal(nodeAddress({ interfaces, routes: HEADER, isDevice }), '192.0.2.2')
  const six = { lo: at('127.0.0.1'), eth0: [...at('fe80::1', 'IPv6'), ...at('fd00::2', 'IPv6')] }
  assert.equal(nodeAddress({ interfaces: six, routes: HEADER, isDevice }), 'fd00::2')
  assert.equal(nodeAddress({ interfaces: { lo: at('127.0.0.1') }, routes: HEADER, isDevice }), '127.0.0.1')
})

test('names are Kubernetes’', () => {
  assert.deepEqual([64, 2048, 1048576].map(hugepagesResource), [
    'hugepages-64Ki',
    'hugepages-2Mi',
    'hugepages-1Gi',
  ])
  assert.equal(osImageOf('NAME=x\nPRETTY_NAME="Alpine Linux v3.20"\n'), 'Alpine Linux v3.20')
  assert.equal(osImageOf(''), 'Linux')
})

test('this machine tells all it has to tell', async () => {
  const facts = await readMachineFacts(tmpdir())
  for (const [name, value] of Object.entries(facts)) {
    if (name === 'machineId' || name === 'systemUuid') continue
    assert.ok(typeof value === 'object' || (value !== '' && value !== 0), name)
  }
})

test('a clock that was set is noticed once, in either direction; one that drifts is not', () => {
  let [wall, steady] = [1_000_000, 0]
  const jumped = clockJumps(
    () => wall,
    () => steady,
  )
  const pass = (wallMs: number, steadyMs: number) => {
    wall += wallMs
    steady += steadyMs
    return jumped()
  }
  assert.equal(pass(10_000, 10_020), undefined)
  assert.match(pass(3_610_000, 10_000) ?? '', /jumped forward by 1h0m0s\./)
  assert.equal(pass(10_000, 10_000), undefined)
  assert.match(pass(-20_000, 10_000) ?? '', /jumped back by 30s\./)
})

test('an address that changes is followed, and kept while there is none', () => {
  let current = '192.0.2.2'
  const address = steadyAddress(() => current)
  current = '127.0.0.1'
  assert.equal(address(), '192.0.2.2')
  current = '192.0.2.9'
  assert.equal(address(), '192.0.2.9')
})
