import assert from 'node:assert/strict'
import { join } from 'node:path'
import { before, describe, it } from 'node:test'
import { run } from '@brume/machine/run'
import { whyNoContainers } from '@brume/testkit/containerd'
import { attachmentOf } from './attachments.ts'
import { ownAddressRules } from './own-addresses.ts'

interface Seen {
  addresses: Record<'thief' | 'victim', string>
  open: Record<string, boolean>
  bound: Record<string, boolean>
  honest: { datagrams: number; connection: string; victim: string }
  afterRestart: number
  missing: string[]
  afterMending: number
  left: string[]
  table: string
}

describe("a pod that sends raw frames under a neighbour's addresses", {
  skip: whyNoContainers() ?? false,
  timeout: 60_000,
}, () => {
  let seen: Seen
  before(async () => {
    const child = join(import.meta.dirname, 'own-addresses-in-namespace.ts')
    const { stdout } = await run(['unshare', '--net', process.execPath, child])
    seen = JSON.parse(stdout)
  })
  const all = (value: boolean) => ({
    claimed: value,
    spoken: value,
    learned: value,
    learnedTagged: value,
    learnedIpv6: value,
  })

  it('is believed by nobody: neither by ARP, nor by its packets, nor by the bridge', () => {
    assert.deepEqual(seen.bound, all(false))
    // Each trick works where pods are not bound: the test can fail.
    assert.deepEqual(seen.open, all(true))
  })

  it('speaks under its own address as before, and so does the neighbour', () => {
    const { thief, victim } = seen.addresses
    assert.deepEqual(seen.honest, {
      datagrams: 1,
      connection: `the friend sees ${thief}`,
      victim: `the friend sees ${victim}`,
    })
  })

  it('is bound again by the next agent, and after somebody took the rules away', () => {
    assert.deepEqual([seen.afterRestart, seen.afterMending], [0, 0])
    assert.deepEqual(seen.missing, [`nft's table bridge ${seen.table}`])
  })

  it('leaves no rules behind', () => {
    assert.deepEqual(seen.left, [''])
  })
})

describe('what binds a pod to its addresses', () => {
  const result = {
    interfaces: [
      { name: 'brume0', mac: '02:00:00:00:00:01' },
      { name: 'veth1', mac: '02:00:00:00:00:02' },
      { name: 'eth0', mac: '0A:58:0A:2A:00:02', sandbox: '/run/netns/a' },
    ],
    ips: [{ address: '10.42.0.2/24' }],
  }

  it('is what the plugins answered; what is half written binds nobody yet', () => {
    const pod = { port: 'veth1', mac: '0a:58:0a:2a:00:02', addresses: ['10.42.0.2'] }
    assert.deepEqual(attachmentOf(result, 'brume0'), pod)
    assert.equal(attachmentOf({}, 'brume0'), undefined)
    const rules = ownAddressRules('brume', [pod])
    assert.ok(rules.includes('ports { type ifname ; elements = { "veth1" } ; }'))
    assert.ok(rules.includes('elements = { "veth1" . 0a:58:0a:2a:00:02 . 10.42.0.2 } ; }'))
  })
})
