// A Node stream as the Sink of a streamed body.

import type { Writable } from 'node:stream'
import type { Sink } from './types.ts'

/** `abort` cuts the stream so that the client sees a failure and not an end. */
export function streamSink(stream: Writable, abort: () => void): Sink {
  return {
    write: (chunk) => (stream.destroyed || stream.writableEnded ? false : stream.write(chunk)),
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
      stream.once('drain', fn)
    },
    onClose: (fn) => {
      if (stream.destroyed) fn()
      else stream.once('close', fn)
    },
  }
}
