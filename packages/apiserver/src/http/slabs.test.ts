import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SLAB_BYTES, slabsOf, writeSlabs } from './slabs.ts'
import type { Sink } from './types.ts'

/** Takes chunks by reference, as a socket does, and reads them only when it drains. */
function lateSink(isFull: (n: number) => boolean) {
  const received: Buffer[] = []
  const held: Buffer[] = []
  const done = Promise.withResolvers<Buffer>()
  const drain = () => {
    for (const chunk of held.splice(0)) received.push(Buffer.from(chunk))
  }
  const sink: Sink = {
    write(chunk) {
      held.push(chunk as Buffer)
      return !isFull(received.length + held.length)
    },
    end() {
      drain()
      done.resolve(Buffer.concat(received))
    },
    abort: () => done.reject(new Error('aborted')),
    backlogBytes: 0,
    closed: false,
    onDrain(fn) {
      setImmediate(() => {
        drain()
        fn()
      })
    },
    onClose() {},
  }
  return { sink, received, whole: done.promise }
}

const pieces = [3, SLAB_BYTES - 1, 1, 3 * SLAB_BYTES + 7, 0, 5].map((length, i) =>
  Buffer.alloc(length, 97 + i),
)

for (const [name, isFull] of [
  ['at once', () => false],
  ['late', () => true],
  ['now and then', (n: number) => n % 2 === 0],
] as const) {
  test(`every byte arrives in order at a client that reads ${name}`, { timeout: 5_000 }, async () => {
    const { sink, whole, received } = lateSink(isFull)
    writeSlabs(sink, pieces)
    assert.ok((await whole).equals(Buffer.concat(pieces)))
    assert.ok(received.every(({ length }) => length <= SLAB_BYTES))
  })
}

test('a large buffer is cut without being copied', () => {
  const bytes = Buffer.allocUnsafeSlow(2 * SLAB_BYTES + 1)
  const slabs = slabsOf(bytes)
  assert.deepEqual(
    slabs.map(({ length }) => length),
    [SLAB_BYTES, SLAB_BYTES, 1],
  )
  assert.ok(slabs.every((slab) => slab.buffer === bytes.buffer))
})
