// One GET as the kubelet makes it, for probes and hooks: without the machine's proxy, without keeping the connection,
// without looking at certificates, following redirects that stay on the host.

import { type IncomingMessage, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import type { ContainerSpec } from '../contract.ts'
import { connectionError } from './network-error.ts'
import { MAX_OUTPUT_BYTES } from './outcome.ts'
import { containerPort, hostPort, unknownPort } from './ports.ts'

/** An HTTPGetAction of the API. */
export interface HttpGetAction {
  path?: string
  port: number | string
  host?: string
  scheme?: string
  httpHeaders?: { name: string; value: string }[]
}

export interface HttpGetRequest {
  url: URL
  headers: Record<string, string | string[]>
}

export interface HttpGetAnswer {
  status: number
  /** At most 10 KB. */
  body: string
}

/** No answer; the message says why, as Go would. */
export class HttpGetError extends Error {
  override readonly name = 'HttpGetError'
  readonly code: string | undefined

  constructor(url: URL, why: string, code?: string) {
    super(`Get ${JSON.stringify(url.href)}: ${why}`)
    this.code = code
  }
}

const MAX_REDIRECTS = 10
const REDIRECTS = new Set([301, 302, 303, 307, 308])
const VERSION = '1.32'

/** `purpose` is what the user agent says: kube-probe, kube-lifecycle. Throws Error for a port that is not known. */
export function httpGetRequest(
  action: HttpGetAction,
  container: ContainerSpec,
  { podIp, purpose }: { podIp: string; purpose: string },
): HttpGetRequest {
  const port = containerPort(action.port, container)
  if (port === undefined) throw new Error(unknownPort(action.port))
  const host = action.host === undefined || action.host === '' ? podIp : action.host
  const path = action.path ?? '/'
  const scheme = (action.scheme ?? 'HTTP').toLowerCase()
  const url = new URL(`${scheme}://${hostPort(host, port)}${path.startsWith('/') ? '' : '/'}${path}`)
  return { url, headers: headersOf(action.httpHeaders ?? [], purpose) }
}

/** Throws HttpGetError when no answer came within the time. */
export async function httpGet({ url, headers }: HttpGetRequest, timeoutMs: number): Promise<HttpGetAnswer> {
  const deadline = performance.now() + timeoutMs
  let current = url
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    const { location, ...answer } = await getOnce(current, headers, deadline - performance.now())
    if (!REDIRECTS.has(answer.status)) return answer
    if (location === undefined) {
      if (answer.status >= 307) return answer
      throw new HttpGetError(current, `${answer.status} response missing Location header`)
    }
    const next = redirectOf(current, location)
    if (next.hostname !== url.hostname) return answer
    current = next
  }
  throw new HttpGetError(current, `stopped after ${MAX_REDIRECTS} redirects`)
}

function redirectOf(from: URL, location: string): URL {
  try {
    const to = new URL(location, from)
    if (to.protocol === 'http:' || to.protocol === 'https:') return to
  } catch {
    // Told below.
  }
  throw new HttpGetError(from, `failed to parse Location header ${JSON.stringify(location)}`)
}

function getOnce(
  url: URL,
  headers: HttpGetRequest['headers'],
  timeoutMs: number,
): Promise<HttpGetAnswer & { location: string | undefined }> {
  const send = url.protocol === 'https:' ? requestHttps : requestHttp
  return new Promise((resolve, reject) => {
    const request = send(url, { headers, agent: false, rejectUnauthorized: false })
    const fail = (why: string, code?: string) => {
      clearTimeout(timer)
      request.destroy()
      reject(new HttpGetError(url, why, code))
    }
    const failWith = (error: NodeJS.ErrnoException) => fail(textOf(error, url), error.code)
    const late = 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)'
    const timer = setTimeout(() => fail(late), Math.max(1, timeoutMs))
    const take = (response: IncomingMessage, body: Buffer) => {
      clearTimeout(timer)
      request.destroy()
      const { statusCode: status = 0, headers } = response
      resolve({ status, body: body.toString('utf8'), location: headers.location })
    }
    // What a container answers must not end this process: errors have a listener for as long as there can be any. And an
    // end without an error or an answer is one too.
    request.on('error', failWith)
    request.on('close', () => fail('EOF'))
    request.once('upgrade', (response, socket) => {
      socket.destroy()
      take(response, Buffer.alloc(0))
    })
    request.once('response', (response) => {
      const chunks: Buffer[] = []
      let bytes = 0
      const done = () => take(response, Buffer.concat(chunks).subarray(0, MAX_OUTPUT_BYTES))
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk)
        bytes += chunk.length
        if (bytes >= MAX_OUTPUT_BYTES) done()
      })
      response.once('end', done)
      response.on('error', failWith)
    })
    request.end()
  })
}

function textOf(error: NodeJS.ErrnoException, url: URL): string {
  if (isPlainAnswer(error)) return 'http: server gave HTTP response to HTTPS client'
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port)
  return connectionError(error, hostPort(url.hostname.replace(/^\[|\]$/g, ''), port))
}

/** What OpenSSL says of a server that speaks no TLS. */
export function isPlainAnswer({ code }: { code?: string | undefined }): boolean {
  return (
    code === 'ERR_SSL_WRONG_VERSION_NUMBER' || code === 'ERR_SSL_PACKET_LENGTH_TOO_LONG' || code === 'EPROTO'
  )
}

/** Accept and User-Agent unless they are given; an empty Accept takes it away. */
function headersOf(
  given: readonly { name: string; value: string }[],
  purpose: string,
): HttpGetRequest['headers'] {
  const headers: Record<string, string | string[]> = {
    'user-agent': `kube-${purpose}/${VERSION}`,
    accept: '*/*',
    connection: 'close',
  }
  const seen = new Set<string>()
  for (const { name, value } of given) {
    const key = name.toLowerCase()
    const before = headers[key]
    // Host can be sent once only.
    headers[key] = !seen.has(key) || before === undefined || key === 'host' ? value : [before, value].flat()
    seen.add(key)
  }
  if (headers['accept'] === '') delete headers['accept']
  return headers
}
