// A request as it came, sent on to a backend, and its answer as it came back: without what belongs to the connection,
// and without what proves who asks.

import type { ClientRequest, IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { askUpgrade } from '@brume/base/streams/upgrade'
import type { RequestContext } from '../../handlers/context.ts'
import type { ApiRequest, ApiResponse } from '../../http/types.ts'
import type { Backend } from '../../nodes/agents.ts'
import { bodyOf } from '../streams/body.ts'
import { BEARER_PROTOCOL, joined, requireCreate } from '../streams/pod-stream.ts'

type Headers = Record<string, string | string[]>

const ANSWER_MS = 60_000
/** Of one connection (RFC 9110, 7.6.1), or set anew here. */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
  'host',
  'expect',
])
const SECRET = /^(:|authorization$|impersonate-|x-remote-|sec-websocket-protocol$)/
/** A page from a pod is shown at the API's own address: it must not act there as the one who looks at it. */
const SANDBOX = 'sandbox allow-downloads allow-forms allow-modals allow-popups allow-scripts'

/** `path`: at the backend, with the query. `prefix`: our own path of the backend's root. */
export async function forward(
  context: RequestContext,
  backend: Backend,
  { path, prefix }: { path: string; prefix: string },
): Promise<ApiResponse> {
  const { request } = context
  const headers = requestHeaders(request, backend, prefix)
  if (request.upgrade !== undefined) {
    requireCreate(context)
    return forwardUpgrade(request, backend, { path, headers })
  }
  const { method, signal } = request
  const sent = backend.open({ method, path, headers, signal })
  const answer = await answerOf(sent, request, backend)
  return {
    status: answer.statusCode ?? 502,
    headers: answerHeaders(answer.headers, backend, prefix),
    body: bodyOf(answer),
  }
}

async function forwardUpgrade(
  { method, upgrade, signal }: ApiRequest,
  backend: Backend,
  { path, headers }: { path: string; headers: Headers },
): Promise<ApiResponse> {
  const given = upgrade!.headers
  const told: Headers = { ...headers, connection: 'Upgrade', upgrade: [...(given['upgrade'] ?? [])] }
  // Several lines stay several lines.
  const versions = given['x-stream-protocol-version']
  if (versions !== undefined) told['x-stream-protocol-version'] = [...versions]
  const protocols = (given['sec-websocket-protocol'] ?? []).flatMap((text) => text.split(','))
  const shown = protocols
    .map((text) => text.trim())
    .filter((text) => text !== '' && !text.startsWith(BEARER_PROTOCOL))
  if (shown.length > 0) told['sec-websocket-protocol'] = shown.join(', ')
  try {
    return await joined(await askUpgrade(backend.open({ method, path, headers: told, signal }), ANSWER_MS))
  } catch (error) {
    throw backend.failed(error as Error)
  }
}

function answerOf(sent: ClientRequest, request: ApiRequest, backend: Backend): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    sent.on('error', (error) => reject(backend.failed(error)))
    sent.once('response', (message) => {
      message.on('error', () => {})
      resolve(message)
    })
    // Rejecting has no effect once the backend has answered, which it may do before it has read all.
    sendBody(sent, request).catch(reject)
  })
}

async function sendBody(sent: ClientRequest, request: ApiRequest): Promise<void> {
  const { headers } = request
  const isEmpty = request.method === 'GET' || request.method === 'HEAD' || headers['content-length'] === '0'
  if (isEmpty) sent.end()
  else if (request.streamBody === undefined) sent.end(await request.readBody())
  else await pipeline(Readable.from(request.streamBody(), { objectMode: false }), sent)
}

function requestHeaders(request: ApiRequest, { address }: Backend, prefix: string): Headers {
  const named = namesIn(request.headers['connection'])
  const headers: Headers = {}
  for (const [name, value] of Object.entries(request.headers)) {
    if (value === undefined || HOP_BY_HOP.has(name) || named.has(name) || SECRET.test(name)) continue
    headers[name] = value
  }
  const before = request.headers['x-forwarded-for']
  return {
    ...headers,
    host: address,
    'x-forwarded-for': before === undefined ? request.remoteAddress : `${before}, ${request.remoteAddress}`,
    'x-forwarded-host': request.headers['host'] ?? request.headers[':authority'] ?? '',
    'x-forwarded-proto': 'https',
    'x-forwarded-uri': prefix,
  }
}

function answerHeaders(told: IncomingHttpHeaders, { address }: Backend, prefix: string): Headers {
  const named = namesIn(told['connection'])
  const headers: Headers = {}
  for (const [name, value] of Object.entries(told)) {
    const isTheirs = HOP_BY_HOP.has(name) || named.has(name) || name.startsWith('access-control-')
    if (value !== undefined && !isTheirs) headers[name] = value
  }
  const own = headers['content-security-policy']
  headers['content-security-policy'] = own === undefined ? SANDBOX : [SANDBOX, ...[own].flat()]
  const { location } = told
  if (location !== undefined) headers['location'] = movedTo(location, address, prefix)
  return headers
}

/** Addresses at the backend are here below our own path. */
function movedTo(location: string, address: string, prefix: string): string {
  if (location.startsWith('/') && !location.startsWith('//')) return prefix + location
  const url = URL.canParse(location) ? new URL(location) : undefined
  return url?.host === address ? `${prefix}${url.pathname}${url.search}${url.hash}` : location
}

function namesIn(connection: string | undefined): Set<string> {
  return new Set((connection ?? '').split(',').map((name) => name.trim().toLowerCase()))
}
