import assert from 'node:assert/strict'
import { test } from 'node:test'
import { created, kindOf } from '../testing.ts'

const REQUEST = {
  apiVersion: 'authentication.k8s.io/v1',
  kind: 'TokenRequest',
  metadata: {},
  spec: { audiences: ['a'] },
}
const errorsFor = (expirationSeconds: number) =>
  kindOf(REQUEST).validate!(created({ ...REQUEST, spec: { expirationSeconds } }), { now: 0 })

test('a token lasts an hour unless said otherwise', () => {
  assert.equal(created(REQUEST).spec.expirationSeconds, 3600)
})

test('a token lasts ten minutes at least, and not for ever', () => {
  assert.deepEqual(errorsFor(600), [])
  assert.match(errorsFor(599)[0]!.message, /less than 10 minutes/)
  assert.match(errorsFor(2 ** 32 + 1)[0]!.message, /larger than 2\^32 seconds/)
})

test('is no resource of its own', () => {
  assert.deepEqual(kindOf(REQUEST).verbs, [])
  assert.equal(kindOf(REQUEST).stored, false)
})
