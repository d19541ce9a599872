// Is containerd there, and does its CRI plugin answer? The open session tells at once when the process ends, whoever's child it is.

import { type ClientHttp2Session, connect } from 'node:http2'
import { connect as connectSocket } from 'node:net'
import { callOnce } from '../grpc/call.ts'
import { GRPC_STATUS } from '../grpc/status.ts'

const EMPTY_MESSAGE = Buffer.alloc(0)
const STATUS = '/runtime.v1.RuntimeService/Status'
const REQUEST_TIMEOUT_MS = 5_000
const MAX_ANSWER_BYTES = 1024 * 1024

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
  /** It said something, be it that it is in trouble. */
  answered: boolean
}

export async function askCri(
  session: ClientHttp2Session,
  timeoutMs = REQUEST_TIMEOUT_MS,
): Promise<CriAnswer> {
  const call = {
    path: STATUS,
    message: EMPTY_MESSAGE,
    timeoutMs,
    maxAnswerBytes: MAX_ANSWER_BYTES,
  }
  try {
    const { code, message } = await callOnce(session, call)
    const trouble = code === GRPC_STATUS.ok ? '' : message || String(code)
    // Unimplemented: the plugin failed to load, and will not appear later.
    const answered = code !== GRPC_STATUS.deadlineExceeded
    return { trouble, final: code === GRPC_STATUS.unimplemented, answered }
  } catch (error) {
    return { trouble: (error as Error).message, final: false, answered: false }
  }
}
