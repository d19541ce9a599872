import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { before, describe, it } from 'node:test'
import { run } from '@brume/machine/run'
import { whyNoContainers } from '@brume/testkit/containerd'
import { linkLocal, overlayCommands, peersOf, tunnelMac } from './overlay-plan.ts'

type Heard = Record<'a' | 'c', string>

interface Seen {
  acceptRa: string
  ownRa: string
  open: { claimed: boolean }
  bound: { claimed: boolean }
  pods: { ips: string[]; direct: string; out: string; fromNode: string; byLinkAddress: string }
  hostPort: string
  services: {
    shared: string[]
    sees: string
    itself: string[]
    node: string[]
    sticky: number
    nodePort: string[]
    empty: string
    afterChange: string[]
  }
  policies: Record<'closed' | 'named' | 'block' | 'otherFamily' | 'open', Heard> & {
    egress: Heard & { toA: string }
  }
  isSame: boolean
  left: string
}

const noIpv6 = existsSync('/proc/sys/net/ipv6') ? undefined : 'this kernel has no IPv6'

describe('a node of a cloud with both families', {
  skip: whyNoContainers() ?? noIpv6 ?? false,
  timeout: 120_000,
}, () => {
  let seen: Seen
  const C = 'fd12:3456:789a:7::4'
  before(async () => {
    const child = join(import.meta.dirname, 'both-families-in-namespace.ts')
    const { stdout } = await run(['unshare', '--net', process.execPath, child], { timeoutMs: 100_000 })
    seen = JSON.parse(stdout)
  })

  it('gives pods an address of each, by which pods, the node and the outside are reached', () => {
    const { ips, direct, out, fromNode } = seen.pods
    assert.match(ips[0]!, /^10\./)
    assert.equal(ips[1], 'fd12:3456:789a:7::2')
    assert.deepEqual([direct, fromNode], [`b sees ${C}`, 'a sees fd12:3456:789a:7::1'])
    assert.equal(out, 'outside sees 2001:db8::2', 'under the address of the machine')
  })

  it('leaves no way past the filters by the addresses that the kernel gives', () => {
    assert.equal(seen.pods.byLinkAddress, 'nothing')
  })

  it("never takes one pod's answer for a neighbour's address", () => {
    assert.equal(seen.bound.claimed, false)
    // The trick works where pods are not bound: the test can fail.
    assert.equal(seen.open.claimed, true)
  })

  it("goes on to believe the machine's own router, and believes no pod to be one", () => {
    assert.deepEqual([seen.acceptRa, seen.ownRa], ['2', '0'])
  })

  it('leads Services, node ports and host ports to pods by IPv6', () => {
    const { shared, sees, itself, node, sticky, nodePort, empty, afterChange } = seen.services
    const both = ['a', 'b']
    assert.deepEqual(
      { shared, itself, node, nodePort },
      { shared: both, itself: both, node: both, nodePort: both },
    )
    assert.equal(sees, C)
    assert.equal(sticky, 1)
    assert.equal(empty, 'ECONNREFUSED')
    assert.deepEqual(afterChange, ['b'])
    assert.equal(seen.hostPort, 'a sees 2001:db8::1')
  })

  it('keeps policies by IPv6, while neighbours still find each other', () => {
    const { closed, named, block, otherFamily, egress, open } = seen.policies
    const [forC, forA] = [`b sees ${C}`, 'b sees fd12:3456:789a:7::2']
    assert.deepEqual(closed, { c: 'nothing', a: 'nothing' })
    assert.deepEqual(named, { c: forC, a: 'nothing' })
    assert.deepEqual(block, { c: forC, a: 'nothing' })
    assert.deepEqual(otherFamily, { c: 'nothing', a: 'nothing' })
    assert.deepEqual(egress, { c: 'nothing', a: forA, toA: `a sees ${C}` })
    assert.deepEqual(open, { c: forC, a: forA })
  })

  it('is the same when it is made a second time, and leaves nothing behind', () => {
    assert.deepEqual([seen.isSame, seen.left], [true, ''])
  })
})

it('tunnels lead to the address of the link that the other device has by itself', () => {
  assert.equal(linkLocal('02:1a:2b:3c:4d:5e'), 'fe80::1a:2bff:fe3c:4d5e')
  const podRanges = ['10.42.1.0/24', 'fd00:0:0:1::/64']
  const peers = peersOf([{ name: 'two', podRanges, address: '192.0.2.2' }], 'one')
  const mac = tunnelMac('two')
  const none = { routes: [], neighbours: [], places: [] }
  const texts = overlayCommands('t', none, peers).map((command) => command.join(' '))
  assert.deepEqual(texts, [
    `bridge fdb replace ${mac} dev t dst 192.0.2.2`,
    `ip neigh replace 10.42.1.0 lladdr ${mac} dev t nud permanent`,
    'ip route replace 10.42.1.0/24 via 10.42.1.0 dev t onlink',
    `ip neigh replace ${linkLocal(mac)} lladdr ${mac} dev t nud permanent`,
    `ip route replace fd00:0:0:1::/64 via ${linkLocal(mac)} dev t onlink`,
  ])
})
