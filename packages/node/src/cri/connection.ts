// gRPC calls to a runtime's socket with our own message tables. On node:http2, which the process has anyway: gRPC's own
// client takes 7 MB of memory and a dozen packages (docs/decisions/0016).

import { type ClientHttp2Session, connect } from 'node:http2'
import { connect as connectSocket } from 'node:net'
import { callOnce, startCall } from '../grpc/call.ts'
import { GRPC_STATUS } from '../grpc/status.ts'
import { decodeMessage, encodeMessage } from './codec.ts'
import type { Message, MessageName } from './messages.ts'

/** Bounds one answer: a node's container list with labels and annotations stays far below. */
const MAX_MESSAGE_BYTES = 16 * 1024 * 1024

export class CriError extends Error {
  /** gRPC's status code. */
  readonly code: number
  override readonly name = 'CriError'

  constructor(operation: string, why: { code: number; message: string }, options?: ErrorOptions) {
    super(`${operation}: ${why.message}`, options)
    this.code = why.code
  }

  /** What it names does not exist (any more). */
  get notFound(): boolean {
    return this.code === GRPC_STATUS.notFound
  }

  /** The runtime is not there, or gave no answer in time: the call may or may not have been carried out. */
  get unreachable(): boolean {
    return this.code === GRPC_STATUS.unavailable || this.code === GRPC_STATUS.deadlineExceeded
  }
}

export function isCriError(error: unknown): error is CriError {
  return error instanceof CriError
}

export class Connection {
  readonly #socket: string
  #session: ClientHttp2Session | undefined
  #closed = false

  constructor(socket: string) {
    this.#socket = socket
  }

  /** One call. Throws CriError; `timeoutMs` bounds it. */
  async unary<Q extends MessageName, A extends MessageName>(
    method: string,
    types: { request: Q; answer: A },
    message: Message<Q>,
    timeoutMs: number,
  ): Promise<Message<A>> {
    const operation = method.slice(method.lastIndexOf('/') + 1)
    const call = {
      path: method,
      message: encodeMessage(types.request, message),
      timeoutMs,
      maxAnswerBytes: MAX_MESSAGE_BYTES,
    }
    const answer = await this.#attempt(operation, () => callOnce(this.#open(), call))
    if (answer.code !== GRPC_STATUS.ok) throw new CriError(operation, answer)
    return decodeMessage(types.answer, answer.body ?? Buffer.alloc(0))
  }

  /** A stream of messages until it breaks or is cancelled; `onEnd` is called once. */
  subscribe<Q extends MessageName, A extends MessageName>(
    method: string,
    types: { request: Q; answer: A },
    message: Message<Q>,
    { onMessage, onEnd }: { onMessage: (message: Message<A>) => void; onEnd: (error?: Error) => void },
  ): () => void {
    const operation = method.slice(method.lastIndexOf('/') + 1)
    const call = {
      path: method,
      message: encodeMessage(types.request, message),
      maxAnswerBytes: MAX_MESSAGE_BYTES,
    }
    return startCall(this.#open(), call, {
      onMessage: (bytes) => onMessage(decodeMessage(types.answer, bytes)),
      onEnd: (end) => onEnd(end.code === GRPC_STATUS.ok ? undefined : new CriError(operation, end)),
      onError: (error) => onEnd(unavailable(operation, error)),
    })
  }

  close(): void {
    this.#closed = true
    this.#session?.destroy()
  }

  async #attempt<T>(operation: string, call: () => Promise<T>): Promise<T> {
    try {
      return await call()
    } catch (error) {
      throw unavailable(operation, error as Error)
    }
  }

  /** The open session, or a new one: a runtime that was started again is found by the next call. */
  #open(): ClientHttp2Session {
    if (this.#closed) throw new Error('the connection was closed')
    const known = this.#session
    if (known !== undefined && !known.closed && !known.destroyed) return known
    const session = connect('http://localhost', { createConnection: () => connectSocket(this.#socket) })
    // Each call hears of it by its own stream.
    session.on('error', () => {})
    session.on('goaway', () => session.close())
    session.once('close', () => {
      if (this.#session === session) this.#session = undefined
    })
    // The agent ends when its work does, not when its runtime does.
    session.unref()
    this.#session = session
    return session
  }
}

function unavailable(operation: string, cause: Error): CriError {
  return new CriError(operation, { code: GRPC_STATUS.unavailable, message: cause.message }, { cause })
}
