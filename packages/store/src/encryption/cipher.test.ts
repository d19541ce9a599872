import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decrypt, encrypt } from './cipher.ts'

const KEY = { id: 'one', bytes: new Uint8Array(32).fill(1) }
const NAME = 'secrets/default/password'
const PLAIN = Buffer.from('correct horse battery staple')

test('gives back what went in, and never the same bytes twice', () => {
  const encrypted = encrypt(KEY, NAME, PLAIN)
  assert.deepEqual(decrypt(KEY, NAME, encrypted), PLAIN)
  assert.ok(!encrypted.includes('horse'))
  assert.notDeepEqual(encrypt(KEY, NAME, PLAIN), encrypted)
  assert.deepEqual(decrypt(KEY, NAME, encrypt(KEY, NAME, Buffer.alloc(0))), Buffer.alloc(0))
})

test('refuses another key, another name, and every changed or missing byte', () => {
  const encrypted = encrypt(KEY, NAME, PLAIN)
  assert.throws(() => decrypt({ id: 'one', bytes: new Uint8Array(32).fill(2) }, NAME, encrypted))
  assert.throws(() => decrypt(KEY, 'secrets/default/other', encrypted))
  for (let at = 0; at < encrypted.byteLength; at++) {
    const changed = Buffer.from(encrypted)
    changed[at]! ^= 1
    assert.throws(() => decrypt(KEY, NAME, changed))
    assert.throws(() => decrypt(KEY, NAME, encrypted.subarray(0, at)))
  }
})
