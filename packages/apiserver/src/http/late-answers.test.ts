import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualClock } from '@brume/store/manual-clock'
import { client } from '../watch/testing.ts'
import { LateAnswers } from './late-answers.ts'

test('an answer gives its seat back when it was taken, or after a moment', () => {
  const clock = new ManualClock()
  const late = new LateAnswers(clock)
  const released: string[] = []
  const [quick, slow] = [client(), client(false)]
  late.watch(quick, 'anna', () => released.push('quick'))
  late.watch(slow, 'bob', () => released.push('slow'))
  quick.end()
  assert.deepEqual(released, ['quick'])
  clock.advance(2_000)
  assert.deepEqual(released, ['quick', 'slow'])
  assert.equal(slow.end_, 'open')
})

test('of too many that are taken slowly, the oldest of whoever has the most is cut', () => {
  const clock = new ManualClock()
  const late = new LateAnswers(clock, 3)
  const open = (user: string) => {
    const one = client(false)
    late.watch(one, user, () => {})
    clock.advance(2_000)
    return one
  }
  const anna = open('anna')
  const bobs = [open('bob'), open('bob'), open('bob')]
  assert.deepEqual(
    [anna, ...bobs].map(({ end_ }) => end_),
    ['open', 'aborted', 'open', 'open'],
  )
  bobs[1]!.abort()
  bobs.push(open('bob'))
  assert.equal(bobs[2]!.end_, 'open', 'what has ended makes room')
})
