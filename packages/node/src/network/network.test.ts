import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { before, describe, it } from 'node:test'
import { silentLogger } from '@brume/base/log'
import { run } from '@brume/machine/run'
import { whyNoContainers } from '@brume/testkit/containerd'
import { ensureNetwork } from './network.ts'

interface Seen {
  podIp: string
  range: string
  bridge: string
  mtu: number
  out: string
  in: string
  loopback: string
  itself: string
  ipv6: { closed: string; open: string; again: string }
  firewall: { warnings: string[]; dropped: string; mended: string; after: string[] }
  same: boolean
  mended: { nothing: string[]; away: string; missing: string[]; back: string }
  closed: string
  guarded: string
  spoofed: string
  unspoofed: string
  unguarded: string
  left: { rules: string; links: string }
}

describe("the node's network", { skip: whyNoContainers() ?? false, timeout: 60_000 }, () => {
  let seen: Seen
  before(async () => {
    const child = join(import.meta.dirname, 'network-in-namespace.ts')
    const { stdout } = await run(['unshare', '--net', process.execPath, child])
    seen = JSON.parse(stdout)
  })
  const gateway = () => seen.range.replace(/0\/24$/, '1')

  it("gives a pod an address of its range, and frames that fit the machine's way out", () => {
    assert.equal(seen.podIp, seen.range.replace(/0\/24$/, '2'))
    assert.equal(seen.mtu, 1320)
  })

  it("lets a pod out under the machine's address", () => {
    assert.equal(seen.out, 'the outside sees 198.51.100.2')
  })

  it("leads a host port to the pod, from outside with the caller's address", () => {
    assert.equal(seen.in, 'the pod sees 198.51.100.1')
  })

  it('leads a host port to the pod from the machine itself, and from the very pod', () => {
    assert.equal(seen.loopback, `the pod sees ${gateway()}`)
    assert.equal(seen.itself, `the pod sees ${gateway()}`)
  })

  it('closes a host port that no pod has any more', () => {
    assert.equal(seen.closed, 'ECONNREFUSED')
  })

  it("never lets a pod reach what listens on the machine's loopback alone", () => {
    assert.equal(seen.guarded, 'nothing')
    // The way is open without the rule: the test can fail.
    assert.match(seen.unguarded, /^the machine alone sees /)
  })

  it("never lets a pod speak under somebody else's address", () => {
    assert.equal(seen.spoofed, 'nothing')
    // The way is open without the rule: the test can fail.
    assert.equal(seen.unspoofed, 'the outside sees 203.0.113.9')
  })

  it('never lets pods reach each other by IPv6, past what filters them', () => {
    // The way is open without the rule: the test can fail.
    assert.match(seen.ipv6.open, /^the pod sees fe80::/)
    assert.deepEqual([seen.ipv6.closed, seen.ipv6.again], ['nothing', 'nothing'])
  })

  it("is told of a firewall that drops a pod's packets, with the commands that let them through", () => {
    const { warnings, dropped, mended, after } = seen.firewall
    assert.equal(warnings.length, 1)
    assert.match(
      warnings[0]!,
      /^this machine's firewall drops forwarded packets \(chain forward of table inet site\)/,
    )
    assert.equal(dropped, 'nothing')
    assert.equal(mended, 'the outside sees 198.51.100.2')
    assert.deepEqual(after, [])
  })

  it('stays as it is when it is made a second time', () => {
    assert.equal(seen.same, true)
  })

  it('is mended when somebody has taken a part of it away', () => {
    const { nothing, away, missing, back } = seen.mended
    assert.deepEqual(nothing, [])
    assert.notEqual(away, 'the pod sees 198.51.100.1')
    assert.deepEqual(missing, [
      `the bridge ${seen.bridge}`,
      `nft's table ip ${seen.bridge}`,
      `nft's table ip6 ${seen.bridge}`,
      `nft's table bridge ${seen.bridge}`,
    ])
    assert.equal(back, 'the pod sees 198.51.100.1')
  })

  it('leaves neither rules nor a bridge behind', () => {
    assert.equal(seen.left.rules, '')
    assert.equal(seen.left.links.includes(seen.bridge), false)
  })
})

describe("a site's own network", () => {
  it('is taken as it is, and nothing is written', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'brume-network-'))
    try {
      const options = { dataDir, cniConfDir: dataDir, logger: silentLogger }
      await assert.rejects(ensureNetwork(options), /holds no CNI configuration/)
      await run(['cp', '/dev/null', join(dataDir, 'site.conflist')])
      const network = await ensureNetwork(options)
      assert.deepEqual([network.cniConfDir, network.range, network.bridge], [dataDir, undefined, undefined])
      await network.setHostPorts([{ protocol: 'TCP', hostPort: 1, podIp: '10.0.0.1', containerPort: 1 }])
      assert.deepEqual(readdirSync(dataDir), ['site.conflist'])
    } finally {
      rmSync(dataDir, { recursive: true, force: true })
    }
  })
})
