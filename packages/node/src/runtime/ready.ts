// Is containerd there, and does its CRI plugin answer? Asked with the least gRPC there is: one empty message over
// HTTP/2 (grpc.io, "gRPC over HTTP2"). The open session tells at once when the process ends, whoever's child it is.

import { type ClientHttp2Session, connect } from 'node:http2'
import { connect as connectSocket } from 'node:net'

/** Compression flag and length of an empty message. */
const EMPTY_MESSAGE = Buffer.alloc(5)
const STATUS = '/runtime.v1.RuntimeService/Status'
const REQUEST_TIMEOUT_MS = 5_000
/** gRPC's code 12: the plugin failed to load, and will not appear later. */
const UNIMPLEMENTED = '12'

/** Resolves when connected; rejects with the socket's error. */
export function openSession(socket: string): Promise<ClientHttp2Session> {
  return new Promise((resolve, reject) => {
    const session = connect('http://localhost', { createConnection: () => connectSocket(socket) })
    session.once('error', reject)
    session.once('connect', () => {
      session.off('error', reject)
      // What ends a session later is told by `close`.
      session.on('error', () => {})
      resolve(session)
    })
  })
}

export interface CriAnswer {
  /** '' when it answers well. */
  trouble: string
  /** Waiting does not help. */
  final: boolean
}

export function askCri(session: ClientHttp2Session): Promise<CriAnswer> {
  return new Promise((resolve) => {
    const stream = session.request({
      ':method': 'POST',
      ':path': STATUS,
      'content-type': 'application/grpc',
      te: 'trailers',
    })
    // An answer without a body has its trailers for headers.
    const judge = (headers: Record<string, unknown>) => {
      if (headers['grpc-status'] === undefined) return
      const status = String(headers['grpc-status'])
      const trouble = status === '0' ? '' : decodeURIComponent(String(headers['grpc-message'] ?? status))
      resolve({ trouble, final: status === UNIMPLEMENTED })
    }
    const retry = (trouble: string) => resolve({ trouble, final: false })
    stream.on('response', judge)
    stream.on('trailers', judge)
    stream.on('error', (error) => retry(error.message))
    stream.on('close', () => retry('the connection ended'))
    stream.setTimeout(REQUEST_TIMEOUT_MS, () => stream.destroy(new Error('no answer')))
    stream.resume()
    stream.end(EMPTY_MESSAGE)
  })
}
