// One HTTP/2 connection to an API server, with the flow-control windows that Go's clients use.

import { type ClientHttp2Session, connect, type OutgoingHttpHeaders } from 'node:http2'

/** How a load process shows who it is: an administrator's certificate, or a bearer token. */
export interface Auth {
  cert?: string
  key?: string
  token?: string
}

export interface Reply {
  status: number
  bytes: number
  /** From sending the request to the first byte of the body. */
  firstByteMs: number
  totalMs: number
}

export interface Sent {
  method?: string
  path: string
  headers?: Record<string, string>
  body?: Buffer | undefined
  /** Every piece of the body as it comes. */
  onData?(chunk: Buffer): void
}

const STREAM_WINDOW_BYTES = 4 * 2 ** 20
const CONNECTION_WINDOW_BYTES = 2 ** 30

/** kube-apiserver indents its answers for clients that look like a person's. */
const USER_AGENT = 'brume-bench/1'

export class Connection {
  readonly #session: ClientHttp2Session
  readonly #headers: OutgoingHttpHeaders

  private constructor(session: ClientHttp2Session, auth: Auth) {
    this.#session = session
    this.#headers = {
      'user-agent': USER_AGENT,
      ...(auth.token === undefined ? {} : { authorization: `Bearer ${auth.token}` }),
    }
  }

  static open(url: string, auth: Auth): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const session = connect(url, {
        ...(auth.cert === undefined ? {} : { cert: auth.cert }),
        ...(auth.key === undefined ? {} : { key: auth.key }),
        // The servers are this benchmark's own children, on the loopback.
        rejectUnauthorized: false,
        settings: { initialWindowSize: STREAM_WINDOW_BYTES, enablePush: false },
      })
      session.once('error', reject)
      session.once('connect', () => {
        session.off('error', reject)
        // A session that breaks fails its streams too, and those report it.
        session.on('error', () => {})
        session.setLocalWindowSize(CONNECTION_WINDOW_BYTES)
        resolve(new Connection(session, auth))
      })
    })
  }

  /** Resolves at the end of the answer, whatever its status. Rejects when the connection breaks. */
  send({ method = 'GET', path, headers, body, onData }: Sent): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const start = performance.now()
      const stream = this.#session.request(
        {
          ...this.#headers,
          ...headers,
          ':method': method,
          ':path': path,
          ...(body === undefined ? {} : { 'content-length': body.length }),
        },
        { endStream: body === undefined },
      )
      let [status, bytes, firstByteMs] = [0, 0, 0]
      stream.on('response', (answer) => {
        status = Number(answer[':status'])
      })
      stream.on('data', (chunk: Buffer) => {
        if (bytes === 0) firstByteMs = performance.now() - start
        bytes += chunk.length
        onData?.(chunk)
      })
      stream.on('end', () => resolve({ status, bytes, firstByteMs, totalMs: performance.now() - start }))
      stream.on('error', reject)
      stream.on('close', () => reject(new Error('the stream ended early')))
      if (body !== undefined) stream.end(body)
    })
  }

  close(): void {
    this.#session.destroy()
  }
}
