// Reading a request body: bounded in size and time, and never taking a truncated one for a whole one.

import type { Readable } from 'node:stream'
import { StatusError } from '@brume/base/errors'

/** Kubernetes' limit for a request body. */
export const MAX_BODY_BYTES = 3 * 1024 * 1024
/** First size of the buffer that pieces are gathered in; it doubles as needed. */
const FIRST_BUFFER_BYTES = 16 * 1024

export interface BodySource {
  stream: Readable
  contentLength: number | undefined
  /** Whether the client reset the stream: a reset can look like a proper end. */
  aborted(): boolean
}

export interface BodyLimits {
  maxBytes?: number
  timeoutMs: number
}

/**
 * The whole body. Throws StatusError: RequestEntityTooLarge above `maxBytes`, BadRequest when it ended early,
 * Timeout when it trickles.
 */
export function readBody(source: BodySource, limits: BodyLimits): Promise<Buffer> {
  const { maxBytes = MAX_BODY_BYTES, timeoutMs } = limits
  const { stream, contentLength } = source
  if (contentLength !== undefined && contentLength > maxBytes) return Promise.reject(tooLarge(maxBytes))
  // What was cut off before anybody listened tells nobody any more.
  if (source.aborted() || stream.destroyed) return Promise.reject(truncated())
  return new Promise((resolve, reject) => {
    const gathered = new Gathered()
    const settle = (error: StatusError | undefined) => {
      clearTimeout(timer)
      stream.off('data', onData).off('end', onEnd).off('close', onCut).off('error', onCut)
      stream.on('error', () => {})
      if (error === undefined) resolve(gathered.take())
      else reject(error)
    }
    const onData = (chunk: Buffer) => {
      if (gathered.size + chunk.length > maxBytes) settle(tooLarge(maxBytes))
      else gathered.add(chunk)
    }
    const onEnd = () => {
      const short = contentLength !== undefined && gathered.size !== contentLength
      settle(source.aborted() || short ? truncated() : undefined)
    }
    const onCut = () => settle(truncated())
    const timer = setTimeout(
      () => settle(new StatusError('Timeout', 'the request body did not arrive in time')),
      timeoutMs,
    )
    stream.on('data', onData).on('end', onEnd).on('close', onCut).on('error', onCut)
  })
}

/** Pieces in one buffer: a body that comes byte by byte costs no more memory than one that comes at once. */
class Gathered {
  size = 0
  #bytes: Buffer | undefined
  #isFirst = true

  add(chunk: Buffer): void {
    if (this.#bytes === undefined) {
      this.#bytes = chunk
      this.size = chunk.length
      return
    }
    const size = this.size + chunk.length
    if (this.#isFirst || size > this.#bytes.length) this.#grow(size)
    chunk.copy(this.#bytes, this.size)
    this.size = size
  }

  take(): Buffer {
    return this.#bytes === undefined ? Buffer.alloc(0) : this.#bytes.subarray(0, this.size)
  }

  #grow(size: number): void {
    const grown = Buffer.allocUnsafeSlow(Math.max(FIRST_BUFFER_BYTES, size, 2 * this.#bytes!.length))
    this.#bytes!.copy(grown, 0, 0, this.size)
    this.#bytes = grown
    this.#isFirst = false
  }
}

function tooLarge(maxBytes: number): StatusError {
  return new StatusError('RequestEntityTooLarge', `Request entity too large: limit is ${maxBytes}`)
}

/** The body was cut off before its end. */
export function truncated(): StatusError {
  return new StatusError('BadRequest', 'unexpected end of the request body')
}
