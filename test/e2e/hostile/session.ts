// One HTTP/2 session of one person, with as little between a test and the wire as Node allows.

import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  type IncomingHttpHeaders,
} from 'node:http2'
import type { TestControlPlane } from '@brume/testkit/control-plane'

export interface Ask {
  method: string
  path: string
  headers?: Readonly<Record<string, string>>
  body?: Buffer | string | undefined
}

export interface Reply {
  status: number
  headers: IncomingHttpHeaders
  body: Buffer
}

export interface Session {
  http2: ClientHttp2Session
  /** Rejects when the stream was reset or no answer came in time. */
  ask(request: Ask): Promise<Reply>
  /** The stream alone, when its answer's head is there. */
  open(request: Ask): Promise<{ stream: ClientHttp2Stream; status: number; headers: IncomingHttpHeaders }>
  close(): void
}

const ANSWER_LIMIT_MS = 30_000

/** The administrator's certificate, unless `headers` says who else asks (Authorization, Impersonate-User). */
export async function openSession(
  plane: TestControlPlane,
  options: { headers?: Record<string, string>; settings?: object; anonymous?: boolean } = {},
): Promise<Session> {
  const { pki, url } = plane.plane
  const http2 = connect(url, {
    ca: pki.ca.certificatePem,
    ...(options.anonymous ? {} : { cert: pki.admin.certificatePem, key: pki.admin.privateKeyPem }),
    settings: { initialWindowSize: 8 * 1024 * 1024, ...options.settings },
  })
  http2.on('error', () => {})
  await new Promise<void>((resolve, reject) => {
    http2.once('connect', () => resolve())
    http2.once('error', reject)
  })
  http2.setLocalWindowSize(64 * 1024 * 1024)
  const start = ({ method, path, headers, body }: Ask): ClientHttp2Stream => {
    const all = { ...options.headers, ...headers, ':method': method, ':path': path }
    const stream = http2.request(all, { endStream: body === undefined })
    if (body !== undefined) stream.end(body)
    return stream
  }
  return {
    http2,
    ask: (request) => answerOf(start(request), `${request.method} ${request.path.slice(0, 200)}`),
    open(request) {
      const stream = start(request)
      return new Promise((resolve, reject) => {
        stream.on('error', reject)
        stream.once('response', (headers) => resolve({ stream, status: Number(headers[':status']), headers }))
        stream.once('close', () => reject(new Error('closed before the answer')))
      })
    },
    close: () => http2.destroy(),
  }
}

function answerOf(stream: ClientHttp2Stream, what: string): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let headers: IncomingHttpHeaders | undefined
    const timer = setTimeout(() => {
      stream.close()
      const head = headers === undefined ? 'no head' : `status ${headers[':status']}, ${chunks.length} chunks`
      const state = `${head}, closed ${stream.closed}, ended ${stream.readableEnded}, sent ${stream.writableFinished}`
      reject(new Error(`${what}: no whole answer within ${ANSWER_LIMIT_MS} ms (${state})`))
    }, ANSWER_LIMIT_MS)
    stream.on('error', () => {})
    stream.once('response', (given) => {
      headers = given
    })
    stream.on('data', (chunk) => chunks.push(chunk))
    stream.once('close', () => {
      clearTimeout(timer)
      if (headers === undefined || stream.rstCode !== 0) {
        reject(new Error(`${what}: reset with code ${stream.rstCode}`))
        return
      }
      resolve({ status: Number(headers[':status']), headers, body: Buffer.concat(chunks) })
    })
  })
}
