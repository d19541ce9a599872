// A request and its answer, neutral of transport: the HTTPS server and the in-process client both speak this, so
// everything, Brume's own controllers too, takes the same path: authenticate -> authorize -> admit -> store.

import type { Socket } from 'node:net'
import type { KubeObject } from '@brume/api/object'
import type { UserInfo } from '../auth/types.ts'

export interface ApiRequest {
  method: string
  /** Path without the query, percent-encoding untouched. */
  path: string
  query: URLSearchParams
  /** Lower-case names. */
  headers: Readonly<Record<string, string | undefined>>
  /**
   * How many bytes of a body are still to come, at most; 0: there is none, or it is here. undefined: the client does not
   * say.
   */
  bodyBytesToCome: number | undefined
  /** The whole body; rejects with RequestEntityTooLarge, BadRequest (truncated) or Timeout. */
  readBody(): Promise<Buffer>
  /** The body in pieces, for what may be larger than memory; instead of readBody. Throws as that does. */
  streamBody?(): AsyncIterable<Buffer>
  /** DER of the verified client certificate, if one was presented. */
  clientCertificate?: Buffer
  /** Already authenticated: in-process callers only. */
  user?: UserInfo
  /** Aborted when the client went away. */
  signal: AbortSignal
  /** For audit and priority: the peer's address. */
  remoteAddress: string
  /** The client asks to change the protocol, on a connection that can (HTTP/1.1): the headers that say how. */
  upgrade?: { headers: Readonly<Record<string, readonly string[] | undefined>> }
}

export interface ApiResponse {
  status: number
  headers: Record<string, string | string[]>
  body: Buffer | string | BodyStream | undefined
  /**
   * With status 101, only for a request with `upgrade`: called exactly once, when the head was sent, with the raw
   * connection and what the client has already sent on it; with a destroyed one when the client has gone.
   */
  takeover?(socket: Socket, head: Buffer): void
}

/**
 * A streamed answer: `start` is called exactly once, when the head has been sent; with a closed sink when the client has
 * gone or wants no body, so that what the answer holds is let go.
 */
export interface BodyStream {
  start(sink: Sink): void
  /** Where the answer is a watch: its events as objects, for a reader inside this process; called instead of `start`. */
  startEvents?(sink: Sink<EventBatch>): void
}

/** Events of a watch, not as bytes but as what the bytes say. */
export interface EventBatch {
  readonly events: readonly ObjectEvent[]
  /** What they would be as bytes, roughly: readers who fall behind are bounded by it. */
  readonly bytes: number
}

export interface ObjectEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR'
  /** Shared with everybody and never to be changed. */
  readonly object: KubeObject
}

export interface Sink<Chunk = Buffer | string> {
  /**
   * false: the buffer is above the high-water mark; wait for `onDrain`. From then on the writer may use the chunk for
   * something else. Writes after close are dropped.
   */
  write(chunk: Chunk): boolean
  end(): void
  /** Ends the connection without a proper end: the client sees an error. */
  abort(): void
  /** Bytes accepted but not taken by the client yet. */
  readonly backlogBytes: number
  readonly closed: boolean
  onDrain(fn: () => void): void
  onClose(fn: () => void): void
}

/** What a handler outside the resource paths (discovery, OpenAPI, metrics, healthz) looks like. `user`: who asks. */
export type PathHandler = (request: ApiRequest, user?: UserInfo) => ApiResponse | Promise<ApiResponse>
