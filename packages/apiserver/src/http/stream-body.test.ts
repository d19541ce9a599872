import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { describe, it } from 'node:test'
import { isStatus } from '@brume/base/errors'
import { streamBody } from './stream-body.ts'

async function read(
  stream: PassThrough,
  {
    contentLength,
    aborted = false,
    idleMs = 10_000,
  }: { contentLength?: number; aborted?: boolean; idleMs?: number } = {},
): Promise<string> {
  let text = ''
  const source = { stream, contentLength, aborted: () => aborted }
  for await (const chunk of streamBody(source, { idleMs })) text += chunk.toString()
  return text
}

describe('a body that is read in pieces', () => {
  it('comes whole, and may be empty', async () => {
    const stream = new PassThrough()
    const reading = read(stream, { contentLength: 6 })
    stream.write('abc')
    stream.end('def')
    assert.equal(await reading, 'abcdef')
    assert.equal(await read(new PassThrough().end()), '')
  })

  it('is never taken for whole when it was cut off', async () => {
    const cut = new PassThrough()
    const reading = read(cut)
    cut.write('abc')
    setImmediate(() => cut.destroy())
    await assert.rejects(reading, (error) => isStatus(error, 'BadRequest'))
    await assert.rejects(read(new PassThrough().end('abc'), { contentLength: 4 }), /unexpected end/)
    await assert.rejects(read(new PassThrough().end('abc'), { aborted: true }), /unexpected end/)
  })

  it('is given up when nothing comes', async () => {
    const stream = new PassThrough()
    stream.write('abc')
    await assert.rejects(read(stream, { idleMs: 20 }), (error) => isStatus(error, 'Timeout'))
  })

  it('leaves the connection to answer when the reader has had enough', async () => {
    const stream = new PassThrough()
    stream.write('abc')
    for await (const _ of streamBody({ stream, contentLength: 10, aborted: () => false }, { idleMs: 10_000 }))
      break
    assert.equal(stream.destroyed, false)
    stream.destroy()
  })
})
