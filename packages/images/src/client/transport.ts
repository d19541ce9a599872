// How the client of registries reaches one. The transport of Brume's API client is one of these.

export interface RegistryTransport {
  request(request: {
    method: string
    path: string
    query?: Readonly<Record<string, string>>
    headers?: Readonly<Record<string, string>>
    body?: Buffer | string
    signal?: AbortSignal
  }): Promise<TransportAnswer>
}

export interface TransportAnswer {
  status: number
  /** Lower-case names. */
  headers: Readonly<Record<string, string | string[] | undefined>>
  body: AsyncIterable<Buffer>
  buffer(): Promise<Buffer>
}
