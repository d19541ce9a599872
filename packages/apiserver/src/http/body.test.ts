import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { isStatus } from '@brume/base/errors'
import { type BodySource, MAX_BODY_BYTES, readBody } from './body.ts'

const LIMITS = { timeoutMs: 10_000 }

function source(options: Partial<BodySource> = {}): BodySource & { stream: PassThrough } {
  return {
    stream: new PassThrough(),
    contentLength: undefined,
    aborted: () => false,
    ...options,
  } as BodySource & {
    stream: PassThrough
  }
}

test('a body is what was sent, in however many pieces', async () => {
  const text = 'x'.repeat(100_000)
  for (const pieces of [1, 2, 3, 1_000]) {
    const from = source({ contentLength: text.length })
    const body = readBody(from, LIMITS)
    const size = Math.ceil(text.length / pieces)
    for (let at = 0; at < text.length; at += size) from.stream.write(text.slice(at, at + size))
    from.stream.end()
    assert.equal((await body).toString(), text)
  }
  const empty = source()
  empty.stream.end()
  assert.equal((await readBody(empty, LIMITS)).length, 0)
})

test('a piece is not changed by those that come after it', async () => {
  const from = source()
  const body = readBody(from, LIMITS)
  const first = Buffer.from('first ')
  from.stream.write(first)
  from.stream.end('second')
  assert.equal((await body).toString(), 'first second')
  assert.equal(first.toString(), 'first ')
})

test('a body that is shorter than announced is refused', async () => {
  const from = source({ contentLength: 10 })
  const body = readBody(from, LIMITS)
  from.stream.end('{}')
  await assert.rejects(body, (error) => isStatus(error, 'BadRequest'))
})

test('a reset is no end, however it looks', async () => {
  let isAborted = false
  const from = source({ aborted: () => isAborted })
  const body = readBody(from, LIMITS)
  from.stream.write('{}')
  isAborted = true
  from.stream.end()
  await assert.rejects(body, (error) => isStatus(error, 'BadRequest'))
})

test('a stream that was cut off before anybody read it is refused at once', async () => {
  const destroyed = source()
  destroyed.stream.destroy()
  await assert.rejects(readBody(destroyed, LIMITS), (error) => isStatus(error, 'BadRequest'))
  const aborted = source({ aborted: () => true })
  await assert.rejects(readBody(aborted, LIMITS), (error) => isStatus(error, 'BadRequest'))
})

test('a body beyond the limit is refused by what it announces and by what it sends', async () => {
  const announced = source({ contentLength: MAX_BODY_BYTES + 1 })
  await assert.rejects(readBody(announced, LIMITS), (error) => isStatus(error, 'RequestEntityTooLarge'))
  const sent = source()
  const body = readBody(sent, { ...LIMITS, maxBytes: 10 })
  sent.stream.write('12345')
  sent.stream.write('67890')
  sent.stream.write('1')
  await assert.rejects(body, (error) => isStatus(error, 'RequestEntityTooLarge'))
})

test('a body that does not come in time is given up', async () => {
  const from = source()
  const body = readBody(from, { timeoutMs: 5 })
  from.stream.write('{')
  await assert.rejects(body, (error) => isStatus(error, 'Timeout'))
})
