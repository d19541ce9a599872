import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatGoDuration, goDurationMs, parseGoDuration } from './go-duration.ts'
import { seededRandom } from './seeded-random.ts'

test('reads and writes durations as Go does', () => {
  const cases: [text: string, nanoseconds: bigint, canonical: string][] = [
    ['0', 0n, '0s'],
    ['0s', 0n, '0s'],
    ['5s', 5_000_000_000n, '5s'],
    ['30s', 30_000_000_000n, '30s'],
    ['1m', 60_000_000_000n, '1m0s'],
    ['1h', 3_600_000_000_000n, '1h0m0s'],
    ['1h2m3s', 3_723_000_000_000n, '1h2m3s'],
    ['90m', 5_400_000_000_000n, '1h30m0s'],
    ['1.5h', 5_400_000_000_000n, '1h30m0s'],
    ['-1m30s', -90_000_000_000n, '-1m30s'],
    ['+5s', 5_000_000_000n, '5s'],
    ['100ms', 100_000_000n, '100ms'],
    ['1.5ms', 1_500_000n, '1.5ms'],
    ['1us', 1000n, '1µs'],
    ['1µs', 1000n, '1µs'],
    ['1ns', 1n, '1ns'],
    ['.5s', 500_000_000n, '500ms'],
    ['1.s', 1_000_000_000n, '1s'],
    ['2s1h', 3_602_000_000_000n, '1h0m2s'],
    ['-9223372036854775808ns', -(2n ** 63n), '-2562047h47m16.854775808s'],
  ]
  for (const [text, nanoseconds, canonical] of cases) {
    assert.equal(parseGoDuration(text), nanoseconds, text)
    assert.equal(formatGoDuration(nanoseconds), canonical, text)
  }
})

test('refuses what Go refuses', () => {
  for (const text of [
    '',
    '-',
    '+',
    '5',
    '.s',
    's',
    '1x',
    '1s ',
    ' 1s',
    '1h-1m',
    '1d',
    '9223372036854775808ns',
    '1e3s',
  ]) {
    assert.equal(parseGoDuration(text), undefined, text)
  }
  assert.equal(goDurationMs('x'), undefined)
})

test('gives milliseconds', () => {
  assert.equal(goDurationMs('1.5s'), 1500)
  assert.equal(goDurationMs('1us'), 0.001)
})

test('fuzz: what is written reads back', () => {
  const random = seededRandom(5)
  for (let i = 0; i < 5000; i++) {
    const magnitude = BigInt(Math.floor(random.next() * 10 ** random.below(18)))
    const nanoseconds = random.below(2) === 0 ? magnitude : -magnitude
    assert.equal(parseGoDuration(formatGoDuration(nanoseconds)), nanoseconds)
  }
})
