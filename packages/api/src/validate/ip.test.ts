import assert from 'node:assert/strict'
import { isIP as nodeIsIP } from 'node:net'
import { test } from 'node:test'
import { CIDR_MESSAGE, IP_MESSAGE, ipFamily, isCIDR, isIP, isIPv4, isIPv6, parseIP } from './ip.ts'

test('tells addresses from other text', () => {
  for (const text of [
    '10.9.8.7',
    '::',
    '::1',
    '2001:db8::ffff',
    '1:2:3:4:5:6:7:8',
    '::ffff:1.2.3.4',
    '010.1.1.1',
  ]) {
    assert.deepEqual(isIP(text), [], text)
  }
  for (const text of [
    '',
    '1.2.3',
    '1.2.3.256',
    '1:2',
    ':::',
    '1::2::3',
    'fe80::1%eth0',
    '1.2.3.4::',
    '12345::',
  ]) {
    assert.deepEqual(isIP(text), [IP_MESSAGE], text)
  }
})

test('knows the family, and counts mapped addresses as IPv4', () => {
  assert.equal(ipFamily('::ffff:1.2.3.4'), 4)
  assert.equal(ipFamily('::1'), 6)
  assert.deepEqual(parseIP('::ffff:1.2.3.4'), [1, 2, 3, 4])
  assert.deepEqual(isIPv4('::1'), ['must be a valid IPv4 address'])
  assert.deepEqual(isIPv6('1.2.3.4'), ['must be a valid IPv6 address'])
})

test('reads blocks', () => {
  for (const text of ['10.0.0.0/8', '::/0', '2001:db8::/64', '1.2.3.4/32'])
    assert.deepEqual(isCIDR(text), [], text)
  for (const text of ['10.0.0.0', '10.0.0.0/33', '::/129', '/8', '10.0.0.0/', '10.0.0.0/-1', '10.0.0.0/+1']) {
    assert.deepEqual(isCIDR(text), [CIDR_MESSAGE], text)
  }
})

test('agrees with Node on random text', () => {
  let seed = 7
  const random = (below: number) => {
    seed = (seed * 1103515245 + 12345) % 2147483648
    return seed % below
  }
  const parts = ['1', '0', 'ff', '255', '256', ':', '::', '.', 'g', '12ab', '1.2.3.4']
  for (let i = 0; i < 20_000; i++) {
    const text = Array.from({ length: random(12) }, () => parts[random(parts.length)]).join('')
    if (/(^|[.:])0[0-9]/.test(text)) continue
    assert.equal(isIP(text).length === 0, nodeIsIP(text) !== 0, JSON.stringify(text))
  }
})
