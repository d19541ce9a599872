import assert from 'node:assert/strict'
import { it } from 'node:test'
import { addressOfReverse } from './names.ts'

it('reads a reverse name of IPv6 as Services and pods have the address', () => {
  const digits = '5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.f.f.f.f.a.9.8.7.6.5.4.3.2.1.d.f'
  assert.equal(addressOfReverse(`${digits}.ip6.arpa`), 'fd12:3456:789a:ffff::5')
})
