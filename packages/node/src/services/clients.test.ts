import assert from 'node:assert/strict'
import { join } from 'node:path'
import { before, describe, it } from 'node:test'
import { run } from '@brume/machine/run'
import { whyNoContainers } from '@brume/testkit/containerd'

type Heard = string[]
type Asked = Record<'one' | 'two' | 'pod', string>

interface Seen {
  addresses: Record<'ipA' | 'ipB' | 'ipC', string>
  first: Heard
  firstAtPort: Heard
  again: Heard
  withC: { own: Heard; port: Heard }
  rewritten: Heard
  restarted: { own: Heard; port: Heard }
  renewed: boolean
  withoutA: { own: Heard; port: Heard }
  withAAgain: Heard
  withoutAffinity: number
  shortOnes: number
  limits: {
    some: Asked
    nodePort: string
    clusterIp: string
    node: string
    changed: Asked
    nodeToo: string
    otherFamily: Asked
    none: Asked
  }
}

describe('who asks a Service', { skip: whyNoContainers() ?? false, timeout: 180_000 }, () => {
  let seen: Seen
  before(async () => {
    const child = join(import.meta.dirname, 'clients-in-namespace.ts')
    const { stdout } = await run(['unshare', '--net', process.execPath, child], { timeoutMs: 150_000 })
    seen = JSON.parse(stdout)
  })

  it('keeps its endpoint, at the cluster address and at a node port', () => {
    const drawn = new Set([...seen.first, ...seen.firstAtPort])
    assert.deepEqual([...drawn].sort(), ['a', 'b'], 'clients are shared out')
    assert.deepEqual(seen.again, seen.first)
    assert.equal(seen.renewed, true, 'the time begins anew with each connection')
  })

  it('keeps its endpoint when others come and go', () => {
    assert.deepEqual(seen.withC, { own: seen.first, port: seen.firstAtPort })
    assert.deepEqual(seen.restarted, { own: seen.first, port: seen.firstAtPort })
  })

  it('keeps its endpoint when the rules are written anew, and over a restart of the agent', () => {
    assert.deepEqual(seen.rewritten, seen.first)
    assert.deepEqual(seen.restarted.own, seen.first)
  })

  it('gets another endpoint when its own goes, and keeps that when the old one is back', () => {
    const allB = seen.first.map(() => 'b')
    assert.deepEqual(seen.withoutA, { own: allB, port: allB })
    assert.deepEqual(seen.withAAgain, allB)
  })

  it('is forgotten when the time is over, and with the affinity itself', () => {
    assert.equal(seen.shortOnes, seen.first.length)
    assert.equal(seen.withoutAffinity, 0)
  })

  it('is dropped at an address of a load balancer that is not for its range, and there alone', () => {
    const { some, nodePort, clusterIp, node } = seen.limits
    assert.deepEqual(some, { one: 'a sees 198.51.100.10', two: 'nothing', pod: 'nothing' })
    assert.equal(node, 'nothing')
    assert.equal(nodePort, 'a sees 198.51.100.21')
    assert.equal(clusterIp, `a sees ${seen.addresses.ipC}`)
  })

  it('follows a change of the ranges; ranges of another family alone let nobody in', () => {
    const { changed, nodeToo, otherFamily, none } = seen.limits
    // Pods of this node come to each other by addresses from outside under the node's own.
    const pod = `a sees ${seen.addresses.ipC.replace(/\.4$/, '.1')}`
    assert.deepEqual(changed, { one: 'nothing', two: 'a sees 198.51.100.21', pod })
    assert.match(nodeToo, /^a sees /)
    assert.deepEqual(otherFamily, { one: 'nothing', two: 'nothing', pod: 'nothing' })
    assert.deepEqual(none, { one: 'a sees 198.51.100.10', two: 'a sees 198.51.100.21', pod })
  })
})
