import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '@brume/base/seeded-random'
import { fixedTime, parseLine } from './line.ts'

function parsed(text: string) {
  const bytes = Buffer.from(text)
  const line = parseLine(bytes, 0, bytes.length)
  return line === undefined ? undefined : { ...line, text: bytes.toString('utf8', line.textAt) }
}

test('a line has a time, a stream, tags and a text', () => {
  assert.deepEqual(parsed('2026-11-20T00:17:09.669794202Z stdout F hello world'), {
    time: '2026-11-20T00:17:09.669794202Z',
    stream: 'stdout',
    partial: false,
    textAt: 40,
    text: 'hello world',
  })
  assert.equal(parsed('2026-11-20T00:17:09Z stderr P more')?.partial, true)
  assert.equal(parsed('2026-11-20T00:17:09Z stderr P:x more')?.partial, true)
  assert.equal(parsed('2026-11-20T00:17:09Z stderr PX more')?.partial, false)
  assert.equal(parsed('2026-11-20T00:17:09+01:00 stdout F ')?.text, '')
})

test('what is no line of a log is told apart', () => {
  for (const text of [
    '',
    'hello',
    '2026-11-20 stdout F x',
    '2026-11-20T00:17:09Z stdin F x',
    '2026-11-20T00:17:09Z stdout F',
    '2026-11-20T00:17:09Z stdout',
    '{"log":"x","stream":"stdout","time":"2026-11-20T00:17:09Z"}',
    `${'9'.repeat(100)}T stdout F x`,
  ]) {
    assert.equal(parsed(text), undefined, text)
  }
})

test('times are shown with nine decimals', () => {
  assert.equal(fixedTime('2026-11-20T00:17:09Z'), '2026-11-20T00:17:09.000000000Z')
  assert.equal(fixedTime('2026-11-20T00:17:09.5+01:30'), '2026-11-20T00:17:09.500000000+01:30')
})

test('any bytes are a line or none: nothing is thrown, nothing read outside', () => {
  const random = seededRandom(3)
  const valid = Buffer.from('2026-11-20T00:17:09.669794202Z stdout P:F some text')
  for (let round = 0; round < 5000; round++) {
    const bytes = Buffer.from(valid)
    for (let change = 0; change < 2; change++) {
      bytes[Math.floor(random.next() * bytes.length)] = Math.floor(random.next() * 256)
    }
    const start = Math.floor(random.next() * 4)
    const end = start + Math.floor(random.next() * (bytes.length - start))
    const line = parseLine(bytes, start, end)
    if (line !== undefined) assert.ok(line.textAt <= end && line.textAt > start)
  }
})
