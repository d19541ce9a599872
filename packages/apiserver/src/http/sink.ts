// A Node stream as the Sink of a streamed body.

import type { Writable } from 'node:stream'
import type { Reading } from './slow-readers.ts'
import type { BodyStream, Sink } from './types.ts'

const SMALL_DRAIN_MS = 20

/** `abort` cuts the stream so that the client sees a failure and not an end. */
export function streamSink(stream: Writable, { abort, reading }: { abort(): void; reading: Reading }): Sink {
  return {
    write(chunk) {
      if (stream.destroyed || stream.writableEnded) return false
      reading.wrote(Buffer.byteLength(chunk))
      return stream.write(chunk)
    },
    end: () => {
      if (!stream.destroyed && !stream.writableEnded) stream.end()
    },
    abort,
    get backlogBytes() {
      return stream.writableLength
    },
    get closed() {
      return stream.destroyed || stream.writableEnded
    },
    onDrain: (fn) => {
      if (stream.writableNeedDrain) stream.once('drain', fn)
      // Less waits than the stream has room for, so that it will not tell.
      else setTimeout(fn, SMALL_DRAIN_MS).unref()
    },
    onClose: (fn) => {
      if (stream.destroyed) fn()
      else stream.once('close', fn)
    },
  }
}

const CLOSED_SINK: Sink = {
  write: () => false,
  end: () => {},
  abort: () => {},
  backlogBytes: 0,
  closed: true,
  onDrain: () => {},
  onClose: (fn) => fn(),
}

/** Tells an answer whose client has gone, or wants no body (HEAD), that nobody will read it: it may hold things. */
export function discardBody(body: Buffer | string | BodyStream | undefined): void {
  if (body !== undefined && typeof body !== 'string' && !Buffer.isBuffer(body)) body.start(CLOSED_SINK)
}

const signals = new WeakMap<Writable, AbortSignal>()

/** Aborted when the stream closes. Made when first asked for: few handlers care, and an abort is not cheap. */
export function closeSignal(stream: Writable): AbortSignal {
  let signal = signals.get(stream)
  if (signal === undefined) {
    const controller = new AbortController()
    if (stream.destroyed) controller.abort()
    else stream.once('close', () => controller.abort())
    signal = controller.signal
    signals.set(stream, signal)
  }
  return signal
}
