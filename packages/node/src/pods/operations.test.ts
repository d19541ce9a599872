import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Operations, unlessAborted } from './operations.ts'

function recorded() {
  const ends: [string, unknown][] = []
  return { ends, operations: new Operations((_uid, name, error) => ends.push([name, error])) }
}

const settle = () => new Promise((resolve) => setImmediate(resolve))

test('an operation counts as running until it has ended, and its end is told', async () => {
  const { ends, operations } = recorded()
  const { promise, resolve } = Promise.withResolvers<void>()
  operations.start('u1', 'sandbox', () => promise)
  assert.deepEqual([...operations.running('u1')], ['sandbox'])
  assert.deepEqual([...operations.running('u2')], [])
  resolve()
  await settle()
  assert.deepEqual([...operations.running('u1')], [])
  assert.deepEqual(ends, [['sandbox', undefined]])
})

test('a failure is told with its reason', async () => {
  const { ends, operations } = recorded()
  const failure = new Error('no room')
  operations.start('u1', 'clean', () => Promise.reject(failure))
  await settle()
  assert.deepEqual(ends, [['clean', failure]])
})

test('a cancelled operation keeps its place until it has noticed, and its failure is nobody’s concern', async () => {
  const { ends, operations } = recorded()
  const never = new Promise<void>(() => {})
  operations.start('u1', 'start:a', (signal) => unlessAborted(never, signal))
  operations.start('u1', 'stop:b/30', (signal) => unlessAborted(never, signal))
  operations.cancel('u1', 'sandbox', 'start:')
  assert.deepEqual([...operations.running('u1')], ['start:a', 'stop:b/30'])
  await settle()
  assert.deepEqual([...operations.running('u1')], ['stop:b/30'])
  assert.deepEqual(ends, [['start:a', undefined]])
})

test('stopping gives everything up, and does not wait longer than its limit', async () => {
  const { operations } = recorded()
  operations.start('u1', 'stop:a/30', () => new Promise<void>(() => {}))
  await operations.stop(20)
})
