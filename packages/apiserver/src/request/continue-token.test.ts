import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isStatus } from '@brume/base/errors'
import { mutateBytes, seededRandom } from '@brume/base/seeded-random'
import { continueExpired, decodeContinue, encodeContinue } from './continue-token.ts'

test('a token says again what it was made of', () => {
  for (const startAfter of ['a', 'ns/name', 'é\u0000"\\', '__proto__']) {
    const token = { revision: 12, startAfter }
    assert.deepEqual(decodeContinue(encodeContinue(token)), token)
  }
})

test('what this server did not make is refused with 400, and nothing else', () => {
  const random = seededRandom(1)
  const good = Buffer.from(encodeContinue({ revision: 12, startAfter: 'ns/name' }))
  const texts = ['', 'x', 'e30', 'bnVsbA', '[]', 'eyJ2IjoxfQ', good.toString().slice(1)]
  for (let i = 0; i < 2_000; i++) texts.push(mutateBytes(good, random).toString('latin1'))
  for (const text of texts) {
    try {
      const { revision, startAfter } = decodeContinue(text)
      assert.ok(Number.isSafeInteger(revision) && typeof startAfter === 'string')
    } catch (error) {
      assert.ok(isStatus(error, 'BadRequest'), String(error))
    }
  }
})

test('a token that is too old comes with one that goes on from now', () => {
  const error = continueExpired({ revision: 12, startAfter: 'ns/name' })
  assert.equal(error.code, 410)
  assert.deepEqual(decodeContinue(error.continueToken), { revision: -1, startAfter: 'ns/name' })
})
