import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nextBackoff, remainingBackoffMs, setbackDelayMs } from './backoff.ts'

const MINUTE = 60_000
const run = (ms: number) => ({ startedAtMs: 1000, finishedAtMs: 1000 + ms })

test('the first restart comes at once, the next ones after twice as long each time, five minutes at most', () => {
  const delays: number[] = []
  let backoff = undefined as ReturnType<typeof nextBackoff> | undefined
  for (let crash = 0; crash < 8; crash++) {
    delays.push(remainingBackoffMs(backoff, run(500), run(500).finishedAtMs) / 1000)
    backoff = nextBackoff(backoff, run(500))
  }
  assert.deepEqual(delays, [0, 10, 20, 40, 80, 160, 300, 300])
})

test('a container that ran for ten minutes starts again at once, and from the beginning', () => {
  const long = run(10 * MINUTE)
  assert.equal(remainingBackoffMs({ delayMs: 5 * MINUTE }, long, long.finishedAtMs), 0)
  assert.deepEqual(nextBackoff({ delayMs: 5 * MINUTE }, long), { delayMs: 10_000 })
  const almost = run(10 * MINUTE - 1)
  assert.equal(remainingBackoffMs({ delayMs: 5 * MINUTE }, almost, almost.finishedAtMs), 5 * MINUTE)
})

test('one that could not even be started has not run long', () => {
  const failed = { startedAtMs: 0, finishedAtMs: Date.UTC(2026, 0, 1) }
  assert.deepEqual(nextBackoff({ delayMs: 10_000 }, failed), { delayMs: 20_000 })
  assert.equal(remainingBackoffMs({ delayMs: 10_000 }, failed, failed.finishedAtMs + 4000), 6000)
})

test('a clock that was put back makes nobody wait longer than the whole back-off', () => {
  assert.equal(remainingBackoffMs({ delayMs: 10_000 }, run(500), 0 - 3_600_000), 10_000)
})

test('a setback is tried again soon at first, then once a minute', () => {
  assert.deepEqual(
    [1, 2, 3, 4, 5, 6, 7, 8, 50].map((tries) => setbackDelayMs(tries) / 1000),
    [1, 2, 4, 8, 16, 32, 60, 60, 60],
  )
})
