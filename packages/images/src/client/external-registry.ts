// Registries elsewhere, over HTTPS: with the challenges by which they ask who comes, and the credentials that
// `docker login` or `podman login` left.

import type { IncomingMessage } from 'node:http'
import https from 'node:https'
import tls from 'node:tls'
import { ImageError } from '../image-error.ts'
import type { RegistryTransport, TransportAnswer } from './transport.ts'

const TIMEOUT_MS = 120_000
const MAX_TOKEN_BYTES = 1024 * 1024

export interface Login {
  user: string
  password: string
}

type Request = Parameters<RegistryTransport['request']>[0]

/** `host`: as in an image's name. */
export function externalRegistry(options: {
  host: string
  login: Login | undefined
  /** PEM, beside the system's authorities. */
  ca?: string | undefined
}): RegistryTransport {
  const { host, login } = options
  const origin = `https://${host === 'docker.io' ? 'registry-1.docker.io' : host}`
  const tokens = new Map<string, string>()
  const authorities = knownAuthorities(options.ca)
  return {
    async request(request) {
      const key = scopeKey(request.path)
      const known = tokens.get(key)
      const first = await send(origin, request, { authorization: known, ca: authorities })
      if (first.status !== 401) return first
      const challenge = textOf(first, 'www-authenticate')
      await first.buffer()
      const authorization = await answerTo(challenge, { login, ca: authorities, host })
      tokens.set(key, authorization)
      return send(origin, request, { authorization, ca: authorities })
    },
  }
}

/** Node's own, this machine's, and one more. */
function knownAuthorities(more: string | undefined): string[] {
  const all = [...tls.getCACertificates('default'), ...tls.getCACertificates('system')]
  return more === undefined ? all : [...all, more]
}

/** Tokens are given for one repository. */
const scopeKey = (path: string) => /^\/v2\/(.+)\/(?:blobs|manifests|tags)\//.exec(path)?.[1] ?? ''

/** The Authorization header that the challenge asks for. */
async function answerTo(
  challenge: string,
  { login, ca, host }: { login: Login | undefined; ca: string[]; host: string },
): Promise<string> {
  const basic = login && `Basic ${Buffer.from(`${login.user}:${login.password}`).toString('base64')}`
  if (/^basic/i.test(challenge)) {
    if (basic === undefined) throw new ImageError(`${host} wants a login. Next: docker login ${host}`)
    return basic
  }
  const { realm, service, scope } = parseChallenge(challenge)
  if (realm === undefined || !realm.startsWith('https://')) {
    throw new ImageError(`${host} asks for credentials in a way that is not known`)
  }
  const url = new URL(realm)
  if (service !== undefined) url.searchParams.set('service', service)
  if (scope !== undefined) url.searchParams.set('scope', scope)
  const answer = await send(
    url.origin,
    { method: 'GET', path: `${url.pathname}${url.search}` },
    { authorization: basic, ca },
  )
  const body = await bounded(answer.body)
  if (answer.status !== 200) throw new ImageError(`${host} refused the login. Next: docker login ${host}`)
  const { token, access_token: other } = JSON.parse(body.toString()) as Record<string, unknown>
  const found = token ?? other
  if (typeof found !== 'string') throw new ImageError(`${url.host} gave no token`)
  return `Bearer ${found}`
}

/** `Bearer realm="...",service="...",scope="..."`. */
export function parseChallenge(header: string): Partial<Record<'realm' | 'service' | 'scope', string>> {
  if (!/^bearer /i.test(header)) return {}
  return Object.fromEntries([...header.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value]))
}

function send(
  origin: string,
  { method, path, query, headers = {}, body, signal }: Request,
  { authorization, ca }: { authorization: string | undefined; ca: string[] },
): Promise<TransportAnswer> {
  const url = new URL(path, origin)
  for (const [name, value] of Object.entries(query ?? {})) url.searchParams.set(name, value)
  return new Promise((resolve, reject) => {
    const request = https.request(url, {
      method,
      headers: { ...headers, ...(authorization === undefined ? {} : { authorization }) },
      timeout: TIMEOUT_MS,
      ca,
      ...(signal === undefined ? {} : { signal }),
    })
    const fail = (why: string, cause?: Error) =>
      reject(new ImageError(`${url.host} cannot be reached: ${why}`, cause && { cause }))
    request.once('timeout', () => request.destroy(new Error(`no answer within ${TIMEOUT_MS / 1000} s`)))
    request.once('error', (error) => fail(error.message, error))
    request.once('response', (message: IncomingMessage) => resolve(answerOf(message)))
    request.end(body)
  })
}

function answerOf(message: IncomingMessage): TransportAnswer {
  return {
    status: message.statusCode ?? 0,
    headers: message.headers,
    body: message,
    buffer: () => bounded(message),
  }
}

async function bounded(body: AsyncIterable<Buffer>): Promise<Buffer> {
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of body) {
    bytes += part.length
    if (bytes > MAX_TOKEN_BYTES) throw new ImageError('a registry sent an answer without end')
    parts.push(part)
  }
  return Buffer.concat(parts)
}

function textOf({ headers }: TransportAnswer, name: string): string {
  const value = headers[name]
  return (Array.isArray(value) ? value[0] : value) ?? ''
}
