// Requests that no well-behaved client sends: any method, any header as often as one likes, any credentials.

import { readFileSync } from 'node:fs'
import http2 from 'node:http2'
import tls from 'node:tls'
import type { TestControlPlane } from '@brume/testkit/control-plane'

export interface RawAnswer {
  status: number
  /** Head and body as they came. */
  text: string
}

export interface ClientKey {
  certificatePem: string
  privateKeyPem: string
}

const LIMIT_MS = 20_000

/** One HTTP/1.1 request with exactly these header lines, on a connection of its own. */
export function http1(
  { plane }: TestControlPlane,
  request: {
    method?: string
    path: string
    headers?: readonly string[]
    body?: string
    client?: ClientKey | undefined
    /** TLS options to add. */
    options?: tls.ConnectionOptions
  },
): Promise<RawAnswer> {
  const { method = 'GET', path, headers = [], body = '', client, options = {} } = request
  const lines = [
    `${method} ${path} HTTP/1.1`,
    'host: brume',
    'connection: close',
    ...headers,
    ...(body === '' ? [] : [`content-length: ${Buffer.byteLength(body)}`]),
  ]
  return new Promise((resolve, reject) => {
    const socket = tls.connect({
      host: '127.0.0.1',
      port: plane.port,
      ca: plane.pki.ca.certificatePem,
      servername: 'localhost',
      ALPNProtocols: ['http/1.1'],
      ...(client === undefined ? {} : { cert: client.certificatePem, key: client.privateKeyPem }),
      ...options,
    })
    const chunks: Buffer[] = []
    const timer = setTimeout(() => socket.destroy(new Error(`no answer to ${method} ${path}`)), LIMIT_MS)
    socket.on('secureConnect', () => socket.write(`${lines.join('\r\n')}\r\n\r\n${body}`))
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    socket.on('error', reject)
    socket.on('close', () => {
      clearTimeout(timer)
      const text = Buffer.concat(chunks).toString()
      resolve({ status: Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0), text })
    })
  })
}

/** One HTTP/2 request; pseudo headers may be given too. Status 0: the stream was reset. */
export function http2Request(
  { plane }: TestControlPlane,
  headers: http2.OutgoingHttpHeaders,
  client?: ClientKey,
): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const session = http2.connect(plane.url, {
      ca: plane.pki.ca.certificatePem,
      ...(client === undefined ? {} : { cert: client.certificatePem, key: client.privateKeyPem }),
    })
    session.on('error', reject)
    const stream = session.request(headers)
    let status = 0
    let text = ''
    stream.setTimeout(LIMIT_MS, () => stream.close())
    stream.on('response', (head) => {
      status = head[':status'] ?? 0
    })
    stream.on('data', (chunk: Buffer) => {
      text += chunk.toString()
    })
    stream.on('error', () => {})
    stream.on('close', () => {
      session.close()
      resolve({ status, text })
    })
    stream.end()
  })
}

/** The administrator's certificate, from the files on disk. */
export function adminKey({ dir }: TestControlPlane): ClientKey {
  return {
    certificatePem: readFileSync(`${dir.pki}/admin.crt`, 'utf8'),
    privateKeyPem: readFileSync(`${dir.pki}/admin.key`, 'utf8'),
  }
}
