import assert from 'node:assert/strict'
import { test } from 'node:test'
import { InFlight } from './in-flight.ts'

test('reads and writes are counted apart, and each is done once', () => {
  const inFlight = new InFlight()
  const read = inFlight.enter(false)
  inFlight.enter(true)
  inFlight.enter(false)
  assert.deepEqual([inFlight.readOnly, inFlight.mutating], [2, 1])
  read()
  read()
  assert.deepEqual([inFlight.readOnly, inFlight.mutating], [1, 1])
})
