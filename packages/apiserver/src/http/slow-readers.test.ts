import assert from 'node:assert/strict'
import type { Writable } from 'node:stream'
import { test } from 'node:test'
import { SlowReaders } from './slow-readers.ts'

function answer(): { stream: Writable; waiting: { writableLength: number } } {
  const waiting = { writableLength: 0 }
  return { stream: waiting as unknown as Writable, waiting }
}

test('an answer of which nothing is taken is cut when its time is over', () => {
  const readers = new SlowReaders(100)
  const { stream, waiting } = answer()
  let cuts = 0
  const reading = readers.add(stream, 0, () => cuts++)
  reading.wrote(50)
  waiting.writableLength = 50
  readers.sweep(50)
  readers.sweep(99)
  assert.equal(cuts, 0)
  readers.sweep(100)
  assert.equal(cuts, 1)
  readers.sweep(500)
  assert.equal(cuts, 1, 'once')
})

test('an answer that is read, however slowly, goes on, also while as much is added as is taken', () => {
  const readers = new SlowReaders(100)
  const { stream, waiting } = answer()
  const reading = readers.add(stream, 0, () => assert.fail('cut'))
  reading.wrote(1_000)
  for (let now = 0; now < 2_000; now += 90) {
    waiting.writableLength = 1_000
    readers.sweep(now)
    // One byte was taken, and another one written.
    reading.wrote(1)
  }
})

test('an answer that has nothing to say waits as long as it likes', () => {
  const readers = new SlowReaders(100)
  const { stream, waiting } = answer()
  let cuts = 0
  const reading = readers.add(stream, 0, () => cuts++)
  for (let now = 0; now < 10_000; now += 90) readers.sweep(now)
  reading.wrote(10)
  waiting.writableLength = 10
  readers.sweep(10_000)
  assert.equal(cuts, 0, 'its time begins with what it says')
  readers.remove(stream)
  readers.sweep(20_000)
  assert.equal(cuts, 0)
})
