// One call of gRPC on an open HTTP/2 session: a message there, one or many back.

import type { ClientHttp2Session, IncomingHttpHeaders } from 'node:http2'
import { endOf, FrameReader, framed, type GrpcEnd } from './frames.ts'
import { GRPC_STATUS } from './status.ts'

export interface GrpcCall {
  /** /package.Service/Method */
  path: string
  message: Buffer
  /** Told to the server, and kept here. Absent: no limit. */
  timeoutMs?: number
  maxAnswerBytes: number
  userAgent?: string
}

export interface GrpcAnswer extends GrpcEnd {
  /** undefined: none came. */
  body: Buffer | undefined
  /** The server spoke HTTP, and no gRPC: its status. */
  httpStatus: number
}

/** Resolves with the answer, whatever its code. Rejects when the stream breaks. */
export function callOnce(session: ClientHttp2Session, call: GrpcCall): Promise<GrpcAnswer> {
  return new Promise((resolve, reject) => {
    let body: Buffer | undefined
    startCall(session, call, {
      onMessage: (message) => {
        body ??= message
      },
      onEnd: (end, httpStatus) => resolve({ ...end, body, httpStatus }),
      onError: reject,
    })
  })
}

export interface GrpcHandlers {
  onMessage(message: Buffer): void
  onEnd(end: GrpcEnd, httpStatus: number): void
  /** Instead of onEnd: the stream broke. */
  onError(error: Error): void
}

/** Returns how to cancel; then no handler is called any more. */
export function startCall(session: ClientHttp2Session, call: GrpcCall, handlers: GrpcHandlers): () => void {
  const stream = session.request({
    ':method': 'POST',
    ':path': call.path,
    'content-type': 'application/grpc',
    te: 'trailers',
    ...(call.userAgent === undefined ? {} : { 'user-agent': call.userAgent }),
    ...(call.timeoutMs === undefined ? {} : { 'grpc-timeout': `${Math.ceil(call.timeoutMs)}m` }),
  })
  const reader = new FrameReader(call.maxAnswerBytes)
  let done = false
  // A refusal without a body carries its status in the headers, else the trailers do.
  let last: IncomingHttpHeaders = {}
  let httpStatus = 0
  const finish = (tell: () => void) => {
    if (done) return
    done = true
    clearTimeout(timer)
    tell()
  }
  const timer =
    call.timeoutMs === undefined
      ? undefined
      : setTimeout(() => {
          const end = { code: GRPC_STATUS.deadlineExceeded, message: `no answer within ${call.timeoutMs} ms` }
          finish(() => handlers.onEnd(end, httpStatus))
          stream.close()
        }, call.timeoutMs)
  stream.once('response', (headers) => {
    last = headers
    httpStatus = Number(headers[':status'] ?? 0)
  })
  stream.once('trailers', (trailers) => {
    last = trailers
  })
  stream.on('data', (chunk: Buffer) => {
    if (done) return
    try {
      for (const message of reader.read(chunk)) handlers.onMessage(message)
    } catch (error) {
      finish(() => handlers.onError(error as Error))
      stream.close()
    }
  })
  stream.once('error', (error) => finish(() => handlers.onError(error)))
  stream.once('close', () => {
    const end = endOf(last)
    finish(() =>
      end === undefined
        ? handlers.onError(new Error(`the stream ended without a status (HTTP ${httpStatus || 'none'})`))
        : handlers.onEnd(end, httpStatus),
    )
  })
  stream.end(framed(call.message))
  return () =>
    finish(() => {
      stream.close()
    })
}
