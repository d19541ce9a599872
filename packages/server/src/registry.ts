// The built-in registry at the API server's port: its part of the paths, with the same users and rights as everything
// else. Clients of registries speak Basic where the API speaks Bearer, and read errors of their own form.

import { createReadStream } from 'node:fs'
import { ANONYMOUS } from '@brume/apiserver/auth/authenticators/union'
import type { Authorizer, UserInfo } from '@brume/apiserver/auth/types'
import type { ApiRequest, ApiResponse, BodyStream, PathHandler } from '@brume/apiserver/http/types'
import type { ApiServer } from '@brume/apiserver/server'
import { assert } from '@brume/base/assert'
import type { Logger } from '@brume/base/log'
import { codeOfStatus } from '@brume/images/registry/errors'
import type { FileRange, RegistryResponse } from '@brume/images/registry/types'

const READ_BYTES = 256 * 1024
/** After a deletion, when the blobs that it freed are old enough; and once in a while. */
const COLLECT_SOON_MS = 61 * 60_000
const COLLECT_EVERY_MS = 24 * 60 * 60_000

export const isRegistryPath = (path: string) => path === '/v2' || path.startsWith('/v2/')

/** Serves `/v2/` from the directory, which is made with the first push. */
export function registryHandler(options: {
  root: string
  authorizer: Authorizer
  logger: Logger
}): PathHandler {
  const { authorizer, logger } = options
  const create = async () => {
    // Loaded when somebody comes for an image.
    const { createRegistry } = await import('@brume/images/registry/registry')
    const created = createRegistry(options.root)
    const collect = () =>
      created.collect().then(
        ({ manifests, blobs, bytes }) => {
          if (manifests + blobs > 0)
            logger.info('images that nobody needs were removed', { manifests, blobs, bytes })
        },
        (error) => logger.warn('images that nobody needs could not be removed', { error }),
      )
    const soon = () => void setTimeout(collect, COLLECT_SOON_MS).unref()
    setInterval(collect, COLLECT_EVERY_MS).unref()
    // What was deleted before the last stop.
    soon()
    return { handle: created.handle, soon }
  }
  let registry: ReturnType<typeof create> | undefined
  return async (request, user) => {
    assert(user !== undefined, 'the registry is behind authentication')
    registry ??= create()
    const { handle, soon } = await registry
    const { method, path, query, headers } = request
    const response = await handle({
      method,
      path,
      query,
      headers,
      body: () => bodyOf(request),
      mayPull: (repository) => mayPull(authorizer, user, repository),
    })
    if (method === 'DELETE' && response.status === 202) soon()
    return answerOf(response)
  }
}

/** The server, speaking to clients of registries in their own way. */
export function withRegistryDoor(server: ApiServer): ApiServer {
  return {
    async handle(request) {
      if (!isRegistryPath(request.path)) return server.handle(request)
      const authorization = asBearer(request.headers['authorization'])
      const translated =
        authorization === undefined ? request : withHeaders(request, { ...request.headers, authorization })
      return asRegistryAnswer(request, await server.handle(translated))
    },
  }
}

/** `docker login` takes a token as the password, with any user. */
function asBearer(header: string | undefined): string | undefined {
  const encoded = /^basic +(.*)$/i.exec(header ?? '')?.[1]
  if (encoded === undefined) return undefined
  const text = Buffer.from(encoded, 'base64').toString()
  // A token has no blank; none at all must not become "no credentials".
  const token = text.slice(text.indexOf(':') + 1).trim()
  return `Bearer ${/^\S+$/.test(token) ? token : '-'}`
}

/** A view: what a request computes when asked (its signal) must not be asked for here. */
function withHeaders(request: ApiRequest, headers: ApiRequest['headers']): ApiRequest {
  return Object.create(request, { headers: { value: headers, enumerable: true } })
}

/** Refusals of the server in front, which come as a Status, in the form of the distribution specification. */
function asRegistryAnswer(request: ApiRequest, response: ApiResponse): ApiResponse {
  const { body, headers } = response
  const isOwn = typeof body === 'string' && body.startsWith('{"errors":')
  if (response.status < 400 || isOwn) return response
  // Clients send credentials only when they are asked to.
  const isAnonymous =
    request.headers['authorization'] === undefined && request.clientCertificate === undefined
  const status = response.status === 403 && isAnonymous ? 401 : response.status
  const message = status === 401 ? SIGN_IN : messageOf(response)
  return {
    status,
    headers: {
      'content-type': 'application/json',
      'x-content-type-options': 'nosniff',
      'docker-distribution-api-version': 'registry/2.0',
      ...(status === 401 ? { 'www-authenticate': 'Basic realm="brume"' } : {}),
      ...kept(headers, 'retry-after'),
      ...kept(headers, 'audit-id'),
    },
    body: JSON.stringify({ errors: [{ code: codeOfStatus(status), message }] }),
  }
}

const kept = (headers: ApiResponse['headers'], name: string) =>
  headers[name] === undefined ? {} : { [name]: headers[name] }

const SIGN_IN = 'authentication required: any user name, and a token of the API as the password'

function messageOf({ headers, body }: ApiResponse): string {
  const isJson = String(headers['content-type'] ?? '').includes('json')
  if (!isJson || (typeof body !== 'string' && !Buffer.isBuffer(body))) return 'the request was refused'
  return String((JSON.parse(body.toString()) as { message?: string }).message ?? '')
}

function bodyOf(request: ApiRequest): AsyncIterable<Buffer> {
  if (request.streamBody !== undefined) return request.streamBody()
  return (async function* () {
    yield await request.readBody()
  })()
}

function mayPull(authorizer: Authorizer, user: UserInfo, repository: string): boolean {
  if (user.name === ANONYMOUS.name) return false
  const path = `/v2/${repository}/blobs/`
  return authorizer.authorize({ resourceRequest: false, user, verb: 'get', path }).allowed
}

function answerOf({ status, headers, body }: RegistryResponse): ApiResponse {
  const isFile = body !== undefined && typeof body !== 'string' && !Buffer.isBuffer(body)
  return { status, headers, body: isFile ? fileBody(body) : body }
}

function fileBody({ path, start, length }: FileRange): BodyStream {
  return {
    start(sink) {
      if (sink.closed) return
      if (length === 0) return sink.end()
      const stream = createReadStream(path, { start, end: start + length - 1, highWaterMark: READ_BYTES })
      let sent = 0
      stream.on('data', (chunk) => {
        sent += chunk.length
        if (sink.write(chunk)) return
        stream.pause()
        sink.onDrain(() => stream.resume())
      })
      stream.on('end', () => (sent === length ? sink.end() : sink.abort()))
      stream.on('error', () => sink.abort())
      sink.onClose(() => stream.destroy())
    },
  }
}
