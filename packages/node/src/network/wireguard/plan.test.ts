import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import { peersOfDump, wireguardCommands, wireguardOf, wireguardPeersOf } from './plan.ts'

const KEYS = ['a', 'b', 'c'].map((letter) => Buffer.alloc(32, letter).toString('base64'))

function node(
  name: string,
  more: { key?: string; port?: string; ip?: string; ranges?: string[] } = {},
): KubeObject {
  const { key, port = '51820', ip = '192.0.2.7', ranges = ['10.42.3.0/24'] } = more
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      annotations:
        key === undefined ? {} : { 'brume.dev/wireguard-key': key, 'brume.dev/wireguard-port': port },
    },
    spec: { podCIDR: ranges[0], podCIDRs: ranges },
    status: { addresses: [{ type: 'InternalIP', address: ip }] },
  }
}

test('every other node with a key is a peer with the addresses of its pods', () => {
  const nodes = [
    node('one', { key: KEYS[0]! }),
    node('two', { key: KEYS[1]!, ip: '2001:db8::2', ranges: ['fd42:3::/64', '10.42.4.0/24'] }),
    node('plain'),
  ]
  assert.deepEqual(wireguardPeersOf(nodes, 'one'), [
    { key: KEYS[1], endpoint: '[2001:db8::2]:51820', ranges: ['10.42.4.0/24', 'fd42:3::/64'] },
  ])
})

test('what a node says of itself is only believed when it is a key and a port', () => {
  assert.deepEqual(wireguardOf(node('a', { key: KEYS[0]! })), { key: KEYS[0], port: 51_820 })
  for (const [key, port] of [
    ['--remove', '51820'],
    [`${KEYS[0]} allowed-ips 0.0.0.0/0`, '51820'],
    [Buffer.alloc(31).toString('base64'), '51820'],
    [KEYS[0]!, '0'],
    [KEYS[0]!, '70000'],
    [KEYS[0]!, '51820; reboot'],
  ]) {
    assert.equal(wireguardOf(node('a', { key: key!, port: port! })), undefined, `${key} ${port}`)
  }
})

test('of two nodes that show the same key one has it', () => {
  const nodes = [node('z', { key: KEYS[1]!, ip: '192.0.2.9' }), node('b', { key: KEYS[1]! })]
  assert.deepEqual(
    wireguardPeersOf(nodes, 'one').map(({ endpoint }) => endpoint),
    ['192.0.2.7:51820'],
  )
})

test('the kernel is told what it does not know, and loses what has gone', () => {
  const peers = [
    { key: KEYS[0]!, endpoint: '192.0.2.7:51820', ranges: ['10.42.3.0/24', 'fd42:3::/64'] },
    { key: KEYS[1]!, endpoint: '192.0.2.8:51820', ranges: ['10.42.4.0/24'] },
  ]
  const known = {
    peers: [peers[1]!, { key: KEYS[2]!, endpoint: '192.0.2.9:51820', ranges: ['10.42.9.0/24'] }],
    routes: ['10.42.4.0/24', '10.42.9.0/24'],
  }
  const commands = wireguardCommands('wg', { known, peers, end: '10.42.1.0' })
  assert.deepEqual(
    commands.map((command) => command.join(' ')),
    [
      'ip route del 10.42.9.0/24 dev wg',
      `wg set wg peer ${KEYS[2]} remove`,
      `wg set wg peer ${KEYS[0]} endpoint 192.0.2.7:51820 allowed-ips 10.42.3.0/24,fd42:3::/64`,
      'ip route replace 10.42.3.0/24 dev wg src 10.42.1.0',
      'ip route replace fd42:3::/64 dev wg',
    ],
  )
  const settled = { peers, routes: peers.flatMap(({ ranges }) => ranges) }
  assert.deepEqual(wireguardCommands('wg', { known: settled, peers, end: '10.42.1.0' }), [])
})

test('the dump of wg is read peer by peer', () => {
  const dump = [
    ['private', KEYS[0], '51820', 'off'],
    [KEYS[1], '(none)', '192.0.2.8:51820', '10.42.4.0/24,10.42.3.0/24', '0', '0', '0', 'off'],
    [KEYS[2], '(none)', '(none)', '(none)', '0', '0', '0', 'off'],
  ]
  assert.deepEqual(peersOfDump(`${dump.map((line) => line.join('\t')).join('\n')}\n`), [
    { key: KEYS[1], endpoint: '192.0.2.8:51820', ranges: ['10.42.3.0/24', '10.42.4.0/24'] },
    { key: KEYS[2], endpoint: '(none)', ranges: [] },
  ])
})
