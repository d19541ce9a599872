import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { checkFamilies, drawPrefix, ipv6PrefixOf, rangesBelow } from './ipv6-prefix.ts'

describe('the addresses of IPv6 of a cloud', () => {
  const both = { ipFamilies: 'IPv4,IPv6' }
  const kept = 'fd12:3456:a'

  it('are below 40 bits drawn for it (RFC 4193)', () => {
    assert.equal(drawPrefix(Uint8Array.of(0x12, 0x34, 0x56, 0x00, 0x0a)), kept)
    assert.deepEqual(rangesBelow(kept), { pods: 'fd12:3456:a::/56', services: 'fd12:3456:a:ffff::/112' })
    assert.match(ipv6PrefixOf(both, { kept: undefined, isOld: false })!, /^fd[0-9a-f]{2}(:[0-9a-f]{1,4}){2}$/)
  })

  it('are there when a new cloud is to have them, and stay', () => {
    assert.equal(ipv6PrefixOf({}, { kept: undefined, isOld: false }), undefined)
    assert.equal(ipv6PrefixOf({}, { kept, isOld: true }), kept)
    assert.equal(ipv6PrefixOf(both, { kept, isOld: true }), kept)
    const without = () => ipv6PrefixOf({ ipFamilies: 'IPv4' }, { kept, isOld: true })
    assert.throws(without, /--ip-families IPv4: this cloud began with IPv4,IPv6, and/)
  })

  it('are refused to a cloud that began without', () => {
    const old = { kept: undefined, isOld: true }
    assert.throws(() => ipv6PrefixOf(both, old), /--ip-families IPv4,IPv6: this cloud began with IPv4, and/)
    assert.equal(ipv6PrefixOf({ ipFamilies: 'IPv4' }, old), undefined)
  })

  it("are not for a site's own network, and families have names", () => {
    checkFamilies({ ipFamilies: 'IPv4', cniConfDir: '/etc/cni' })
    assert.throws(() => checkFamilies({ ...both, cniConfDir: '/etc/cni' }), /is for the built-in network/)
    assert.throws(
      () => checkFamilies({ ipFamilies: 'IPv6' }),
      /--ip-families IPv6 is neither IPv4 nor IPv4,IPv6/,
    )
  })
})
