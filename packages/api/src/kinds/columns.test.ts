import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ageOf, humanDuration, mapText } from './columns.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

test('durations are as short as those of kubectl', () => {
  const cases: [number, string][] = [
    [-5 * SECOND, '<invalid>'],
    [-1 * SECOND, '0s'],
    [0, '0s'],
    [119 * SECOND, '119s'],
    [2 * MINUTE, '2m'],
    [9 * MINUTE + 59 * SECOND, '9m59s'],
    [10 * MINUTE + 5 * SECOND, '10m'],
    [179 * MINUTE, '179m'],
    [3 * HOUR, '3h'],
    [7 * HOUR + 59 * MINUTE, '7h59m'],
    [47 * HOUR, '47h'],
    [48 * HOUR, '2d'],
    [7 * DAY + 23 * HOUR, '7d23h'],
    [8 * DAY, '8d'],
    [729 * DAY, '729d'],
    [730 * DAY, '2y'],
    [731 * DAY, '2y1d'],
    [8 * 365 * DAY, '8y'],
  ]
  for (const [duration, text] of cases) assert.equal(humanDuration(duration), text)
})

test('ages without a time are unknown', () => {
  assert.equal(ageOf(undefined, 0), '<unknown>')
  assert.equal(ageOf('2026-01-01T00:00:00Z', Date.parse('2026-01-01T00:01:00Z')), '60s')
})

test('maps print sorted', () => {
  assert.equal(mapText({ b: '2', a: '1' }), 'a=1,b=2')
  assert.equal(mapText({}), '<none>')
})
