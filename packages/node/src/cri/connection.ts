// gRPC calls to a runtime's socket with our own message tables.

import { type CallOptions, Client, credentials, type ServiceError, status } from '@grpc/grpc-js'
import { decodeMessage, encodeMessage } from './codec.ts'
import type { Message, MessageName } from './messages.ts'

/** Bounds one answer: a node's container list with labels and annotations stays far below. */
const MAX_MESSAGE_BYTES = 16 * 1024 * 1024

export class CriError extends Error {
  /** gRPC's status code. */
  readonly code: number
  override readonly name = 'CriError'

  constructor(operation: string, error: ServiceError) {
    super(`${operation}: ${error.details || error.message}`, { cause: error })
    this.code = error.code
  }

  /** What it names does not exist (any more). */
  get notFound(): boolean {
    return this.code === status.NOT_FOUND
  }

  /** The runtime is not there, or gave no answer in time: the call may or may not have been carried out. */
  get unreachable(): boolean {
    return this.code === status.UNAVAILABLE || this.code === status.DEADLINE_EXCEEDED
  }
}

export function isCriError(error: unknown): error is CriError {
  return error instanceof CriError
}

export class Connection {
  readonly #client: Client

  constructor(socket: string) {
    this.#client = new Client(`unix:${socket}`, credentials.createInsecure(), {
      'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
      'grpc.max_reconnect_backoff_ms': 2000,
      'grpc.enable_http_proxy': 0,
      'grpc.service_config_disable_resolution': 1,
    })
  }

  /** One call. Throws CriError; `timeoutMs` bounds it. */
  unary<Q extends MessageName, A extends MessageName>(
    method: string,
    types: { request: Q; answer: A },
    message: Message<Q>,
    timeoutMs: number,
  ): Promise<Message<A>> {
    const options: CallOptions = { deadline: Date.now() + timeoutMs }
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(
        method,
        (value: Message<Q>) => encodeMessage(types.request, value),
        (bytes: Buffer) => decodeMessage(types.answer, bytes),
        message,
        options,
        (error, answer) => {
          if (error !== null) reject(new CriError(method.slice(method.lastIndexOf('/') + 1), error))
          else resolve(answer as Message<A>)
        },
      )
    })
  }

  /** A stream of messages until it breaks or is cancelled; `onEnd` is called once. */
  subscribe<Q extends MessageName, A extends MessageName>(
    method: string,
    types: { request: Q; answer: A },
    message: Message<Q>,
    { onMessage, onEnd }: { onMessage: (message: Message<A>) => void; onEnd: (error?: Error) => void },
  ): () => void {
    const stream = this.#client.makeServerStreamRequest(
      method,
      (value: Message<Q>) => encodeMessage(types.request, value),
      (bytes: Buffer) => decodeMessage(types.answer, bytes),
      message,
    )
    let ended = false
    const end = (error?: Error) => {
      if (ended) return
      ended = true
      onEnd(error)
    }
    stream.on('data', onMessage)
    stream.on('error', end)
    stream.on('end', () => end())
    return () => stream.cancel()
  }

  close(): void {
    this.#client.close()
  }
}
