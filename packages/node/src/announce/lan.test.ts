import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { before, describe, it } from 'node:test'
import { run } from '@brume/machine/run'
import { whyNoContainers } from '@brume/testkit/containerd'

interface Seen {
  before: string
  free?: string
  answers: string
  held: boolean
  hasHeld: boolean
  stillHeld: string
  moved?: string
  after: string
  speaks: string
  fresh: string[]
  filtered: string
  leaving: string[]
  left: string[]
}

const noIpv6 = existsSync('/proc/sys/net/ipv6') ? undefined : 'this kernel has no IPv6'

describe('addresses on the LAN, of both families', {
  skip: whyNoContainers() ?? noIpv6 ?? false,
  timeout: 120_000,
}, () => {
  let seen: Record<'ip' | 'ip6', Seen>
  before(async () => {
    const child = join(import.meta.dirname, 'lan-in-namespace.ts')
    const { stdout } = await run(['unshare', '--net', process.execPath, child], { timeoutMs: 100_000 })
    seen = JSON.parse(stdout)
  })
  const each = (check: (of: Seen, family: 'ip' | 'ip6') => void) => {
    for (const family of ['ip', 'ip6'] as const) check(seen[family], family)
  }

  it('are taken when they are free, and neighbours reach the machine by them', () =>
    each(({ free, answers }, family) => {
      assert.equal(free, undefined)
      assert.match(answers, family === 'ip' ? /^machine sees ::ffff:192/ : /^machine sees 2001:db8::11/)
    }))

  it('are left to a machine of the LAN that has them, which goes on undisturbed', () =>
    each(({ held, hasHeld, stillHeld }) => {
      assert.deepEqual([held, hasHeld], [true, false])
      assert.match(stillHeld, /^holder sees /)
    }))

  it('are told to neighbours who know another machine for them', () =>
    each(({ before, moved, after }) =>
      assert.deepEqual([before, moved, after], ['holder', undefined, 'machine']),
    ))

  it('are not what the machine speaks under', () =>
    each(({ speaks }, family) =>
      assert.equal(speaks, `asker sees ${family === 'ip' ? '::ffff:192.0.2.2' : '2001:db8::2'}`),
    ))

  it('lead to Services and not to the machine, while neighbours still find it', () =>
    each(({ filtered }) => assert.equal(filtered, 'ECONNREFUSED')))

  it("are given back, and a person's own stays", () =>
    each(({ fresh, leaving, left }, family) => {
      const [moved, personal] =
        family === 'ip' ? ['192.0.2.242', '192.0.2.243'] : ['2001:db8::f2', '2001:db8::f3']
      assert.deepEqual(fresh, [])
      assert.deepEqual(leaving, [`${moved}/${family === 'ip' ? 32 : 128}`])
      assert.deepEqual(left, [personal])
    }))
})
