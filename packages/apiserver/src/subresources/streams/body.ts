// A node's answer as the body of ours: streamed, at the client's pace.

import type { IncomingMessage } from 'node:http'
import type { BodyStream } from '../../http/types.ts'

export function bodyOf(message: IncomingMessage): BodyStream {
  return {
    start(sink) {
      sink.onClose(() => message.destroy())
      if (sink.closed) return
      message.on('data', (chunk: Buffer) => {
        if (sink.write(chunk)) return
        message.pause()
        sink.onDrain(() => message.resume())
      })
      message.once('end', () => sink.end())
      // Cut off on the way: the client must not take it for the end.
      message.once('close', () => {
        if (!message.complete && !sink.closed) sink.abort()
      })
    },
  }
}
