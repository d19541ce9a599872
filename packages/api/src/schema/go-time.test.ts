import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mutateBytes, seededRandom } from '@brume/base/seeded-random'
import { epochSeconds, normalizeMicroTime, normalizeTime } from './go-time.ts'

const SECONDS = '2006-01-02T15:04:05Z07:00'

test('times are in UTC with whole seconds', () => {
  const cases: Record<string, string | null> = {
    '2024-02-29T23:59:59Z': '2024-02-29T23:59:59Z',
    '2024-01-01T00:00:00+02:00': '2023-12-31T22:00:00Z',
    '2024-01-01T00:00:00-05:30': '2024-01-01T05:30:00Z',
    '2024-01-01T00:00:00.999999Z': '2024-01-01T00:00:00Z',
    '1969-12-31T23:59:59.5Z': '1969-12-31T23:59:59Z',
    '0001-01-01T00:00:00Z': null,
    '0099-01-01T00:00:00Z': '0099-01-01T00:00:00Z',
  }
  for (const [text, value] of Object.entries(cases)) assert.deepEqual(normalizeTime(text), { value }, text)
})

test('micro times have six decimals', () => {
  assert.deepEqual(normalizeMicroTime('2024-01-01T00:00:00.123456+01:00'), {
    value: '2023-12-31T23:00:00.123456Z',
  })
  assert.deepEqual(normalizeMicroTime('0001-01-01T00:00:00.000000Z'), { value: null })
  assert.ok('error' in normalizeMicroTime('2024-01-01T00:00:00Z'))
  assert.ok('error' in normalizeMicroTime('2024-01-01T00:00:00.123Z'))
})

test('errors say what Go says', () => {
  const cases: Record<string, string> = {
    x: `parsing time "x" as "${SECONDS}": cannot parse "x" as "2006"`,
    '': `parsing time "" as "${SECONDS}": cannot parse "" as "2006"`,
    '2024': `parsing time "2024" as "${SECONDS}": cannot parse "" as "-"`,
    '2024-01-01': `parsing time "2024-01-01" as "${SECONDS}": cannot parse "" as "T"`,
    '2024-01-01 00:00:00Z': `parsing time "2024-01-01 00:00:00Z" as "${SECONDS}": cannot parse " 00:00:00Z" as "T"`,
    '2024-01-01T00:00:00': `parsing time "2024-01-01T00:00:00" as "${SECONDS}": cannot parse "" as "Z07:00"`,
    '2024-13-01T00:00:00Z': 'parsing time "2024-13-01T00:00:00Z": month out of range',
    '2023-02-29T00:00:00Z': 'parsing time "2023-02-29T00:00:00Z": day out of range',
    '2024-01-01T24:00:00Z': 'parsing time "2024-01-01T24:00:00Z": hour out of range',
    '2024-01-01T00:00:00Zx': 'parsing time "2024-01-01T00:00:00Zx": extra text: "x"',
  }
  for (const [text, error] of Object.entries(cases)) assert.deepEqual(normalizeTime(text), { error }, text)
})

test('seconds since the epoch are whole, before it too', () => {
  assert.equal(epochSeconds('1970-01-01T00:00:01Z'), 1)
  assert.equal(epochSeconds('1969-12-31T23:59:59.500000Z'), -1)
  assert.equal(epochSeconds('0001-01-02T00:00:00Z'), -62135510400)
})

test('fuzz: a mutated time is an error or a canonical time', () => {
  const random = seededRandom(8)
  for (let i = 0; i < 5000; i++) {
    const text = mutateBytes(Buffer.from('2024-02-29T12:34:56.123456+01:30'), random).toString('latin1')
    for (const normalize of [normalizeTime, normalizeMicroTime]) {
      const result = normalize(text)
      if ('error' in result) continue
      if (result.value !== null) assert.deepEqual(normalize(result.value), result, text)
    }
  }
})
