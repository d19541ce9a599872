// What Node's HTTP/2 and TLS errors mean to a caller.

import { constants } from 'node:http2'
import { TransportError } from './transport.ts'

/** A request that failed on its session. `unprocessed`: the server surely did not act on it. */
export class StreamError extends Error {
  override name = 'StreamError'
  override readonly cause: TransportError
  readonly unprocessed: boolean

  constructor(cause: TransportError, unprocessed: boolean) {
    super(cause.message, { cause })
    this.cause = cause
    this.unprocessed = unprocessed
  }
}

const CERTIFICATE_CODES = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'ERR_TLS_CERT_ALTNAME_INVALID',
])

/** A session that could not be opened. */
export function connectError(error: Error, server: string): TransportError {
  const code = (error as NodeJS.ErrnoException).code ?? ''
  if (CERTIFICATE_CODES.has(code)) {
    return new TransportError('Certificate', `${server}: its certificate is not trusted: ${error.message}`, {
      cause: error,
    })
  }
  return new TransportError('Unreachable', `${server} cannot be reached: ${error.message}`, { cause: error })
}

/** RFC 9113, section 8.7: REFUSED_STREAM says that the request was not processed; so do streams after a GOAWAY. */
export function streamError(error: Error, rstCode: number | undefined, subject: string): StreamError {
  const code = (error as NodeJS.ErrnoException).code ?? ''
  const unprocessed =
    rstCode === constants.NGHTTP2_REFUSED_STREAM ||
    code === 'ERR_HTTP2_GOAWAY_SESSION' ||
    code === 'ERR_HTTP2_INVALID_SESSION'
  if (error instanceof TransportError) return new StreamError(error, unprocessed)
  const cause = new TransportError('ConnectionLost', `${subject}: ${error.message}`, { cause: error })
  return new StreamError(cause, unprocessed)
}
