// The body of an answer over HTTP/2: whole, or an error.

import { once } from 'node:events'
import { type ClientHttp2Stream, constants } from 'node:http2'
import { TransportError } from './transport.ts'

interface BodyOptions {
  subject: string
  /** NaN: not said. */
  length: number
  signal: AbortSignal | undefined
  chunks: AsyncIterable<Buffer>
}

/**
 * Listens from now on, so that a reader who comes later gets all that has arrived: Node's own iterator takes a stream
 * that the server has finished with for one that was cut off.
 */
export function chunksOf(stream: ClientHttp2Stream): AsyncIterable<Buffer> {
  let wake = () => {}
  let ended = false
  let failure: Error | undefined
  stream.on('readable', () => wake())
  stream.once('end', () => {
    ended = true
    wake()
  })
  const fail = (error: Error) => {
    failure ??= error
    wake()
  }
  stream.once('error', fail)
  stream.once('close', () => fail(new Error('the stream was closed before its end')))
  return (async function* () {
    for (;;) {
      const chunk: Buffer | null = stream.read()
      if (chunk !== null) yield chunk
      else if (ended) return
      else if (failure !== undefined) throw failure
      else {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    }
  })()
}

/** Throws TransportError for a body that is not whole. */
export async function* readBody(
  stream: ClientHttp2Stream,
  { subject, length, signal, chunks }: BodyOptions,
): AsyncGenerator<Buffer, void, undefined> {
  let received = 0
  let ended = false
  try {
    for await (const chunk of chunks) {
      received += chunk.length
      yield chunk
    }
    ended = true
  } catch (cause) {
    if (signal?.aborted) throw signal.reason
    throw new TransportError('ConnectionLost', `${subject}: the answer was cut off`, { cause })
  } finally {
    if (!ended && !stream.closed) stream.close(constants.NGHTTP2_CANCEL)
  }
  // A stream that was reset may still have ended cleanly for the reader, with its body truncated; how it ended is
  // known once it has closed, which it does at once when the request was sent whole.
  if (!stream.closed && stream.writableFinished) await once(stream, 'close')
  signal?.throwIfAborted()
  if (stream.rstCode !== constants.NGHTTP2_NO_ERROR || received < length) {
    throw new TransportError('ConnectionLost', `${subject}: the answer was cut off (code ${stream.rstCode})`)
  }
}
