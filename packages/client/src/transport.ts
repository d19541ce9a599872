// How a request reaches an API server. Everything above this file works the same over HTTPS and inside the process.

import type { KubeObject } from '@brume/api/object'

export interface TransportRequest {
  method: string
  /** Percent-encoded, without the query. */
  path: string
  query?: Readonly<Record<string, string>> | URLSearchParams
  /** Lower-case names. */
  headers?: Readonly<Record<string, string>>
  body?: Buffer | string
  /** Aborting ends the request, or the answer's body when it has begun: the reader sees an AbortError. */
  signal?: AbortSignal
}

export interface TransportResponse {
  status: number
  /** Lower-case names. */
  headers: Readonly<Record<string, string | string[] | undefined>>
  /** Can be read once. An answer that was cut off throws a TransportError. */
  body: AsyncIterable<Buffer>
  /** The whole body. */
  buffer(): Promise<Buffer>
  /**
   * Where the server is in this process: the events of a watch, frozen and shared, to be read instead of the body, which
   * says the same. Ends and fails as the body would.
   */
  events?(): AsyncIterable<readonly RawEvent[]>
}

/** An event as the server gives it. */
export interface RawEvent {
  readonly type: string
  readonly object: KubeObject
}

export interface Transport {
  request(request: TransportRequest): Promise<TransportResponse>
  /** Ends what is open. Requests after it fail. */
  close(): void
}

export type TransportErrorCode = 'Unreachable' | 'ConnectionLost' | 'Timeout' | 'Certificate' | 'Closed'

/** The server was not reached, or its answer did not arrive whole: nothing is known about the request's effect. */
export class TransportError extends Error {
  override name = 'TransportError'
  readonly code: TransportErrorCode
  readonly retryable: boolean

  constructor(code: TransportErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.code = code
    this.retryable = code !== 'Certificate' && code !== 'Closed'
  }
}

/** `path?query`, without the `?` when the query is empty. */
export function pathWithQuery({ path, query }: Pick<TransportRequest, 'path' | 'query'>): string {
  if (query === undefined) return path
  const text = (query instanceof URLSearchParams ? query : new URLSearchParams({ ...query })).toString()
  return text === '' ? path : `${path}?${text}`
}

/** The first value of a header, whatever the transport gave. */
export function headerOf(response: TransportResponse, name: string): string | undefined {
  const value = response.headers[name]
  return Array.isArray(value) ? value[0] : value
}

/** All values of a header that may come more than once. */
export function headersOf(response: TransportResponse, name: string): string[] {
  const value = response.headers[name]
  return value === undefined ? [] : Array.isArray(value) ? value : [value]
}

export async function readAll(body: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of body) chunks.push(chunk)
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)
}
