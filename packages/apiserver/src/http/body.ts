// Reading a request body: bounded in size and time, and never taking a truncated one for a whole one.

import type { Readable } from 'node:stream'
import { StatusError } from '@brume/base/errors'

/** Kubernetes' limit for a request body. */
export const MAX_BODY_BYTES = 3 * 1024 * 1024
const BODY_TIMEOUT_MS = 30_000

export interface BodySource {
  stream: Readable
  contentLength: number | undefined
  /** Whether the client reset the stream: a reset can look like a proper end. */
  aborted(): boolean
}

/**
 * The whole body. Throws StatusError: RequestEntityTooLarge above `maxBytes`, BadRequest when it ended early,
 * Timeout when it trickles.
 */
export function readBody(source: BodySource, maxBytes = MAX_BODY_BYTES): Promise<Buffer> {
  const { stream, contentLength } = source
  if (contentLength !== undefined && contentLength > maxBytes) return Promise.reject(tooLarge(maxBytes))
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    const settle = (error: StatusError | undefined) => {
      clearTimeout(timer)
      stream.off('data', onData).off('end', onEnd).off('close', onCut).off('error', onCut)
      stream.on('error', () => {})
      if (error === undefined) resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, size))
      else reject(error)
    }
    const onData = (chunk: Buffer) => {
      size += chunk.length
      if (size > maxBytes) settle(tooLarge(maxBytes))
      else chunks.push(chunk)
    }
    const onEnd = () => {
      const short = contentLength !== undefined && size !== contentLength
      settle(source.aborted() || short ? truncated() : undefined)
    }
    const onCut = () => settle(truncated())
    const timer = setTimeout(
      () => settle(new StatusError('Timeout', 'the request body did not arrive in time')),
      BODY_TIMEOUT_MS,
    )
    stream.on('data', onData).on('end', onEnd).on('close', onCut).on('error', onCut)
  })
}

function tooLarge(maxBytes: number): StatusError {
  return new StatusError('RequestEntityTooLarge', `Request entity too large: limit is ${maxBytes}`)
}

function truncated(): StatusError {
  return new StatusError('BadRequest', 'unexpected end of the request body')
}
