import assert from 'node:assert/strict'
import { test } from 'node:test'
import { InFlight } from './in-flight.ts'

test('reads and writes have places of their own, and a place is given back once', () => {
  const inFlight = new InFlight({ readOnly: 1, mutating: 1 })
  const read = inFlight.enter({ mutating: false, exempt: false })
  assert.ok(read !== undefined)
  assert.equal(inFlight.enter({ mutating: false, exempt: false }), undefined)
  const write = inFlight.enter({ mutating: true, exempt: false })
  assert.ok(write !== undefined)
  read()
  read()
  assert.equal(inFlight.readOnly, 0)
  assert.ok(inFlight.enter({ mutating: false, exempt: false }) !== undefined)
})

test('who is exempt is let in when all is full, and takes no place from others', () => {
  const inFlight = new InFlight({ readOnly: 1, mutating: 1 })
  const admin = inFlight.enter({ mutating: false, exempt: true })
  assert.ok(admin !== undefined)
  assert.ok(inFlight.enter({ mutating: false, exempt: false }) !== undefined)
  assert.ok(inFlight.enter({ mutating: false, exempt: true }) !== undefined)
  admin()
  assert.equal(inFlight.readOnly, 1)
})
