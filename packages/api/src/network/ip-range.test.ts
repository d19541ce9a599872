import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { addressAt, disjointRanges, formatRange, parseIpRange, rangesOverlap, sizeOf } from './ip-range.ts'

const again = (text: string) => {
  const range = parseIpRange(text)
  return range === undefined ? undefined : formatRange(range)
}

describe('ranges of addresses', () => {
  it('are read and written in both families, IPv6 as RFC 5952 has it', () => {
    const texts: Record<string, string> = {
      '10.42.0.0/24': '10.42.0.0/24',
      '192.168.7.9/20': '192.168.0.0/20',
      '010.0.0.7': '10.0.0.7/32',
      '0.0.0.0/0': '0.0.0.0/0',
      '::': '::/128',
      '::/0': '::/0',
      '::1': '::1/128',
      'FD00:0:0:1::/64': 'fd00:0:0:1::/64',
      'fd00:0:1:2:0:0:0:3': 'fd00:0:1:2::3/128',
      '2001:db8:0:0:1:0:0:1': '2001:db8::1:0:0:1/128',
      '2001:db8:0:1:1:1:1:1': '2001:db8:0:1:1:1:1:1/128',
      '::ffff:192.0.2.1': '::ffff:c000:201/128',
      'fd12:3456:789a:ffff::/56': 'fd12:3456:789a:ff00::/56',
    }
    for (const [text, expected] of Object.entries(texts)) assert.equal(again(text), expected, text)
  })

  it('are nothing else', () => {
    const bad = [
      '',
      '10.0.0',
      '10.0.0.256',
      '10.0.0.0/33',
      '10.0.0.0/',
      '10.0.0.0/8/8',
      '1:2',
      ':::',
      '1::2::3',
    ]
    bad.push('1:2:3:4:5:6:7:8:9', 'g::', '::/129', '12345::', '::1.2.3.256', 'fe80::1%eth0')
    for (const text of bad) assert.equal(again(text), undefined, text)
  })

  it('overlap when one holds an address of the other', () => {
    const overlap = (a: string, b: string) => rangesOverlap(parseIpRange(a)!, parseIpRange(b)!)
    assert.equal(overlap('10.0.0.0/8', '10.42.0.0/24'), true)
    assert.equal(overlap('10.42.0.255', '10.42.0.0/24'), true)
    assert.equal(overlap('10.42.1.0/24', '10.42.0.0/24'), false)
    assert.equal(overlap('255.255.255.0/24', '255.255.255.255'), true)
    assert.equal(overlap('fd00::/8', 'fd00:1::/64'), true)
    assert.equal(overlap('fd00::/64', 'fd00:0:0:1::/64'), false)
    assert.equal(overlap('::/0', '0.0.0.0/0'), false)
  })

  it('are counted from the first address', () => {
    assert.equal(addressAt(parseIpRange('10.42.1.0/24')!, 257), '10.42.2.1')
    assert.equal(addressAt(parseIpRange('fd00::/64')!, 1), 'fd00::1')
    assert.equal(sizeOf(parseIpRange('10.42.1.0/24')!), 256n)
    assert.equal(sizeOf(parseIpRange('fd00::/64')!), 1n << 64n)
  })

  it('are fewer where one lies in another', () => {
    const all = ['10.0.0.0/8', '10.1.0.0/16', '192.0.2.1', '192.0.2.1/32', 'fd00::/8', 'x']
    assert.deepEqual(disjointRanges(4, all), ['10.0.0.0/8', '192.0.2.1/32'])
    assert.deepEqual(disjointRanges(6, all), ['fd00::/8'])
  })
})
