import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createInflate } from 'node:zlib'
import { seededRandom } from '@brume/base/seeded-random'
import {
  dataFrames,
  type Frame,
  FrameReader,
  GOAWAY,
  PING,
  pingFrame,
  resetFrame,
  SpdyError,
  StreamOpener,
  SYN_REPLY,
} from './frames.ts'

function control(type: number, body: Buffer, flags = 0): Buffer {
  const head = Buffer.alloc(8)
  head.writeUInt16BE(0x8003, 0)
  head.writeUInt16BE(type, 2)
  head.writeUInt32BE(body.length, 4)
  head[4] = flags
  return Buffer.concat([head, body])
}

function words(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4)
  for (const [index, value] of values.entries()) bytes.writeUInt32BE(value, index * 4)
  return bytes
}

/** Frames with the pieces of their data joined again. */
function readAll(chunks: readonly Buffer[]): Frame[] {
  const reader = new FrameReader()
  const frames: Frame[] = []
  let open: Extract<Frame, { type: 'data' }> | undefined
  for (const chunk of chunks) {
    for (const frame of reader.read(chunk)) {
      if (frame.type !== 'data') frames.push(frame)
      else {
        const data: Buffer = Buffer.concat([open?.data ?? Buffer.alloc(0), frame.data])
        open = { ...frame, data }
        if (!frame.last) continue
        frames.push(open)
        open = undefined
      }
    }
  }
  return frames
}

test('frames are the same however their bytes are cut', () => {
  const random = seededRandom(7)
  const bytes = Buffer.concat([
    control(SYN_REPLY, words(1, 0)),
    ...dataFrames(1, Buffer.alloc(70_000, 'x'), false),
    control(PING, words(2)),
    ...dataFrames(3, Buffer.alloc(0), true),
    resetFrame(5, 5),
    ...dataFrames(1, Buffer.from('end'), true),
    control(GOAWAY, words(5, 0)),
  ])
  const whole = readAll([bytes])
  assert.deepEqual(
    whole.map((frame) => frame.type),
    ['reply', 'data', 'ping', 'data', 'reset', 'data', 'goaway'],
  )
  for (let round = 0; round < 50; round++) {
    const chunks: Buffer[] = []
    for (let at = 0; at < bytes.length; ) {
      const length = 1 + Math.floor(random.next() * (random.next() < 0.5 ? 9 : 40_000))
      chunks.push(bytes.subarray(at, at + length))
      at += length
    }
    assert.deepEqual(readAll(chunks), whole)
  }
})

test('header blocks are one zlib stream that gives each block when its frame is read', async () => {
  const opener = new StreamOpener()
  const inflate = createInflate()
  const blocks: Record<string, string>[] = [
    { streamType: 'error' },
    { streamType: 'data', port: '80', requestID: '0', long: 'y'.repeat(70_000) },
  ]
  for (const [index, headers] of blocks.entries()) {
    const frame = opener.frame(2 * index + 1, headers)
    assert.equal(frame.readUInt32BE(8), 2 * index + 1)
    const given = new Promise<Buffer>((resolve) => {
      const chunks: Buffer[] = []
      const expected = lengthOf(headers)
      inflate.on('data', function take(chunk: Buffer) {
        chunks.push(chunk)
        const all = Buffer.concat(chunks)
        if (all.length < expected) return
        inflate.off('data', take)
        resolve(all)
      })
    })
    inflate.write(frame.subarray(18))
    assert.deepEqual(headersIn(await given), lowerCased(headers))
  }
})

function lengthOf(headers: Record<string, string>): number {
  return 4 + Object.entries(headers).reduce((sum, [name, value]) => sum + 8 + name.length + value.length, 0)
}

function lowerCased(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
}

function headersIn(block: Buffer): Record<string, string> {
  let at = 4
  const text = () => {
    const length = block.readUInt32BE(at)
    at += 4 + length
    return block.toString('utf8', at - length, at)
  }
  return Object.fromEntries(Array.from({ length: block.readUInt32BE(0) }, () => [text(), text()]))
}

test('what is no SPDY is refused, and never anything else thrown or much held', () => {
  const random = seededRandom(11)
  const valid = Buffer.concat([
    pingFrame(2),
    ...dataFrames(1, Buffer.from('abc'), true),
    control(GOAWAY, words(1, 0)),
  ])
  for (let round = 0; round < 3000; round++) {
    const bytes = Buffer.from(valid)
    for (let change = 0; change < 3; change++) {
      bytes[Math.floor(random.next() * bytes.length)] = Math.floor(random.next() * 256)
    }
    const reader = new FrameReader()
    try {
      let passed = 0
      for (const frame of reader.read(bytes)) {
        if (frame.type === 'data') passed += frame.data.length
      }
      assert.ok(passed <= bytes.length)
    } catch (error) {
      assert.ok(error instanceof SpdyError, String(error))
    }
  }
  for (const bad of [
    control(1, words(2, 0, 0)),
    control(SYN_REPLY, Buffer.alloc(2)),
    Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'),
    Buffer.concat([Buffer.from([0x80, 3, 0, 4, 0, 0xff, 0xff, 0xff])]),
    words(0, 1),
  ]) {
    // A first letter of ASCII is a data frame's stream: only its length can be wrong.
    const isText = bad[0] === 0x48
    const read = () => [...new FrameReader().read(bad)]
    if (isText)
      assert.equal(
        read().every((frame) => frame.type === 'data'),
        true,
      )
    else assert.throws(read, SpdyError)
  }
})
