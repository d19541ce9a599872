import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CronError, parseCron } from './cron.ts'

const list = (set: ReadonlySet<number>) => [...set].sort((a, b) => a - b)

test('reads fields, ranges, steps, lists and names', () => {
  const schedule = parseCron('*/20 1-3,22 1 jan,MAR mon-fri')
  assert.deepEqual(list(schedule.minutes), [0, 20, 40])
  assert.deepEqual(list(schedule.hours), [1, 2, 3, 22])
  assert.deepEqual(list(schedule.daysOfMonth), [1])
  assert.deepEqual(list(schedule.months), [1, 3])
  assert.deepEqual(list(schedule.daysOfWeek), [1, 2, 3, 4, 5])
  assert.deepEqual([schedule.anyDayOfMonth, schedule.anyDayOfWeek], [false, false])
  assert.deepEqual(list(parseCron('50/4 * * * *').minutes), [50, 54, 58])
  assert.ok(parseCron('0 0 ? * 1').anyDayOfMonth)
})

test('reads descriptors', () => {
  assert.deepEqual(list(parseCron('@daily').hours), [0])
  assert.equal(parseCron('@every 1h30m').everyMs, 5_400_000)
  assert.equal(parseCron('@every 10ms').everyMs, 1000)
})

test('says what is wrong', () => {
  const cases: [string, string][] = [
    ['', 'empty spec string'],
    ['* * * *', 'expected exactly 5 fields, found 4: [* * * *]'],
    ['60 * * * *', 'end of range (60) above maximum (59): 60'],
    ['* * 0 * *', 'beginning of range (0) below minimum (1): 0'],
    ['5-1 * * * *', 'beginning of range (5) beyond end of range (1): 5-1'],
    ['*/0 * * * *', 'step of range should be a positive number: */0'],
    ['1-2-3 * * * *', 'too many hyphens: 1-2-3'],
    ['1/2/3 * * * *', 'too many slashes: 1/2/3'],
    ['x * * * *', 'failed to parse int from x: strconv.Atoi: parsing "x": invalid syntax'],
    ['@nightly', 'unrecognized descriptor: @nightly'],
    ['@every x', 'failed to parse duration @every x: time: invalid duration "x"'],
  ]
  for (const [text, message] of cases)
    assert.throws(() => parseCron(text), { name: 'CronError', message }, text)
})

test('any text either parses or is refused with a CronError', () => {
  let seed = 5
  const random = (below: number) => {
    seed = (seed * 1103515245 + 12345) % 2147483648
    return seed % below
  }
  const parts = [
    '*',
    '1',
    '59',
    ' ',
    ' ',
    ',',
    '-',
    '/',
    '?',
    'mon',
    '@every ',
    '1h',
    'x',
    '\t',
    '99999999999999999999',
  ]
  for (let i = 0; i < 20_000; i++) {
    const text = Array.from({ length: random(14) }, () => parts[random(parts.length)]).join('')
    try {
      parseCron(text)
    } catch (error) {
      assert.ok(error instanceof CronError, `${JSON.stringify(text)}: ${error}`)
    }
  }
})
