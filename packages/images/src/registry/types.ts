// A request to the registry and its answer, neutral of transport. The server in front has found out who asks and that
// they may.

export interface RegistryRequest {
  method: string
  /** `/v2/...`, percent-encoding untouched. */
  path: string
  query: URLSearchParams
  /** Lower-case names. */
  headers: Readonly<Record<string, string | undefined>>
  /** The body in pieces, once. */
  body(): AsyncIterable<Buffer>
  /** Whether the one who asks may read that repository too (to mount its blobs). */
  mayPull(repository: string): boolean
}

export interface RegistryResponse {
  status: number
  headers: Record<string, string>
  body?: Buffer | string | FileRange
}

/** A part of a file, to be sent as it is. */
export interface FileRange {
  path: string
  /** First byte. */
  start: number
  /** How many. */
  length: number
}
