import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Refusals } from './refusals.ts'

test('a flood of refusals is recorded as a few with the count of the others, and no other user is affected', () => {
  const refusals = new Refusals()
  let recorded = 0
  for (let n = 0; n < 10_000; n++) if (refusals.admit('mallory', n / 10) !== undefined) recorded++
  assert.ok(recorded >= 60 && recorded <= 62, `${recorded} in a second`)
  assert.equal(refusals.admit('anna', 1_000), 0)
  assert.equal(refusals.admit('mallory', 3_000), 10_000 - recorded)
  assert.equal(refusals.admit('mallory', 4_000), 0, 'they are counted once')
})

test('over a day no user writes more than so many lines', () => {
  const refusals = new Refusals()
  let recorded = 0
  for (let second = 0; second < 86_400; second++) {
    for (let n = 0; n < 5; n++) if (refusals.admit('mallory', second * 1_000) !== undefined) recorded++
  }
  assert.ok(recorded <= 86_400 + 60, String(recorded))
})

test('users without number are not remembered without end', () => {
  const refusals = new Refusals()
  for (let n = 0; n < 60; n++) refusals.admit('first', 0)
  assert.equal(refusals.admit('first', 0), undefined)
  for (let n = 0; n < 1_000; n++) refusals.admit(`user ${n}`, 0)
  assert.equal(refusals.admit('first', 0), 0, 'forgotten, and begun anew')
})
