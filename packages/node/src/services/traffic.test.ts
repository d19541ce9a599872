import assert from 'node:assert/strict'
import { join } from 'node:path'
import { before, describe, it } from 'node:test'
import { run } from '@brume/machine/run'
import { whyNoContainers } from '@brume/testkit/containerd'

interface Seen {
  addresses: Record<'a' | 'b' | 'c', string>
  shared: Record<string, number>
  sticky: Record<string, number>
  itself: Record<string, number>
  node: Record<string, number>
  outside: Record<string, number>
  emptyFromPod: string
  emptyFromNode: string
  afterChange: Record<string, number>
  nodePortGone: string
  closed: { direct: string; service: string; node: string }
  opened: { forC: string; forA: string }
  egress: { toA: string; toB: string; others: string }
  block: { forC: string; forA: string }
  open: string
}

describe('traffic of Services and policies in the kernel', {
  skip: whyNoContainers() ?? false,
  timeout: 120_000,
}, () => {
  let seen: Seen
  before(async () => {
    const child = join(import.meta.dirname, 'traffic-in-namespace.ts')
    const { stdout } = await run(['unshare', '--net', process.execPath, child], { timeoutMs: 100_000 })
    seen = JSON.parse(stdout)
  })
  const from = (address: string) => [`a sees ${address}`, `b sees ${address}`]

  it('shares connections out among the backends, which see who calls', () => {
    const { shared, addresses } = seen
    assert.deepEqual(Object.keys(shared).sort(), from(addresses.c))
    assert.ok(Math.min(...Object.values(shared)) >= 5, JSON.stringify(shared))
  })

  it('keeps a client at one backend when the Service asks for it', () => {
    assert.equal(Object.keys(seen.sticky).length, 1)
    assert.equal(Object.values(seen.sticky)[0], 40)
  })

  it('lets a backend reach itself by its Service', () => {
    const heard = Object.keys(seen.itself)
    assert.ok(
      heard.every((text) => text.includes(' sees ')),
      JSON.stringify(seen.itself),
    )
    assert.ok(heard.some((text) => text.startsWith('a sees ')))
  })

  it('leads the node and the outside in, with the address of the caller', () => {
    assert.ok(
      Object.keys(seen.node).every((text) => text.includes(' sees ')),
      JSON.stringify(seen.node),
    )
    assert.deepEqual(Object.keys(seen.outside).sort(), from('198.51.100.1'))
  })

  it('refuses at once where nothing is behind a Service', () => {
    assert.deepEqual([seen.emptyFromPod, seen.emptyFromNode], ['ECONNREFUSED', 'ECONNREFUSED'])
  })

  it('follows a change of the backends, and takes a node port back', () => {
    assert.deepEqual(seen.afterChange, { [`b sees ${seen.addresses.c}`]: 10 })
    assert.equal(seen.nodePortGone, 'ECONNREFUSED')
  })

  it('closes a pod that a policy selects, also to its Service, but not to its node', () => {
    const { closed } = seen
    assert.deepEqual([closed.direct, closed.service], ['nothing', 'nothing'])
    assert.match(closed.node, /^b sees /)
  })

  it('opens it for those that any policy names, by the name of a port too', () => {
    assert.deepEqual(seen.opened, { forC: `b sees ${seen.addresses.c}`, forA: 'nothing' })
  })

  it('keeps a pod from what its policies do not let it out to', () => {
    const { addresses, egress } = seen
    assert.deepEqual(egress, {
      toA: `a sees ${addresses.c}`,
      toB: 'nothing',
      others: `b sees ${addresses.a}`,
    })
  })

  it('knows blocks of addresses and what is cut out of them', () => {
    assert.deepEqual(seen.block, { forC: `b sees ${seen.addresses.c}`, forA: 'nothing' })
  })

  it('opens everything when the last policy goes', () => {
    assert.equal(seen.open, `b sees ${seen.addresses.a}`)
  })
})
