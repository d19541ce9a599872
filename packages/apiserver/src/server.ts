// The pipeline of one request: route -> authenticate -> limit -> authorize -> handler -> answer; of one with a body:
// authenticate -> authorize -> receive -> limit -> handler. Transport-neutral:
// http/listener.ts feeds it from HTTPS, the in-process client directly.

import type { StatusError } from '@brume/base/errors'
import type { Auditing } from './audit/auditing.ts'
import type { AuditTrail } from './audit/trail.ts'
import { impersonate } from './auth/authenticators/impersonation.ts'
import { unauthorized } from './auth/authenticators/unauthorized.ts'
import { forbiddenFor } from './auth/authorizers/forbidden.ts'
import type { Attributes, Authenticator, Authorizer, UserInfo } from './auth/types.ts'
import type { Flow, FlowControl } from './flow/control.ts'
import type { ServerParts } from './handlers/context.ts'
import { dispatch, notServed } from './handlers/dispatch.ts'
import { negotiate } from './http/accept.ts'
import { MAX_BODY_BYTES } from './http/body.ts'
import { refuseCrossSite } from './http/cross-site.ts'
import { metaSchema, respondWith } from './http/encode.ts'
import type { InFlight } from './http/in-flight.ts'
import { LateAnswers } from './http/late-answers.ts'
import type { OpenStreams } from './http/open-streams.ts'
import { SLAB_BYTES, slabsOf, writeSlabs } from './http/slabs.ts'
import { statusOf, toStatusError } from './http/status.ts'
import type { ApiRequest, ApiResponse, BodyStream, PathHandler, Sink } from './http/types.ts'
import type { RequestMetrics } from './metrics/requests.ts'
import { parseRequestInfo, type RequestInfo } from './request/info.ts'

export interface ApiServer {
  /** Never rejects: errors become a Status. */
  handle(request: ApiRequest): Promise<ApiResponse>
}

export interface ApiServerOptions {
  parts: ServerParts
  authenticator: Authenticator
  authorizer: Authorizer
  inFlight: InFlight
  flows: FlowControl
  metrics: RequestMetrics
  streams: OpenStreams
  /** Absent: nothing is recorded. */
  audit?: Auditing | undefined
  /** Handler of a path outside the resources (discovery, OpenAPI, metrics, health); undefined: nobody's. */
  pathHandler(path: string): PathHandler | undefined
}

export function createApiServer(options: ApiServerOptions): ApiServer {
  const late = new LateAnswers(options.parts.clock)
  return {
    async handle(request) {
      const info = parseRequestInfo(request)
      const done = options.metrics.start(info, request.method)
      const audit = options.audit?.begin(request, info)
      const asked: Asked = { request, info, audit, flow: undefined }
      let response: ApiResponse
      try {
        response = await answer(options, asked, late)
      } catch (thrown) {
        let isBug = false
        const error = toStatusError(thrown, () => {
          isBug = true
          const { method, path } = request
          options.parts.logger.error('request failed', { method, path, error: thrown })
        })
        audit?.failed(error, isBug)
        response = errorResponse(request, error)
      }
      if (asked.flow !== undefined) tellFlow(response, asked.flow)
      done(response)
      return audit === undefined ? response : audit.answered(response, isLongRunning(info))
    },
  }
}

interface Asked {
  request: ApiRequest
  info: RequestInfo
  audit: AuditTrail | undefined
  /** Known once it is known who asks. */
  flow: Flow | undefined
}

async function answer(options: ApiServerOptions, asked: Asked, late: LateAnswers): Promise<ApiResponse> {
  const { info, audit } = asked
  refuseCrossSite(asked.request)
  const known = asked.request.user ?? options.authenticator.authenticate(asked.request)
  const authenticated = known instanceof Promise ? await known : known
  if (authenticated === undefined) throw unauthorized('no credentials were given')
  const request = audit?.authenticated(authenticated) ?? asked.request
  const user = impersonate(request, authenticated, options.authorizer)
  audit?.actingAs(user)
  const flow = options.flows.classify(info, user)
  asked.flow = flow
  const allow = () => authorize(options.authorizer, attributesOf(request, info, user), audit)
  const isSending = sendsBody(request, info)
  // Nobody sends what would be refused.
  if (isSending) allow()
  const leaveRoom = isSending ? await receive(options.flows, { request, flow, user }) : undefined
  let release: (() => void) | undefined
  try {
    const place = isLongRunning(info) ? undefined : placeOf(options, flow, { request, info, user })
    release = place instanceof Promise ? await place : place
  } finally {
    leaveRoom?.()
  }
  try {
    if (!isSending) allow()
    const handle = () => handled(options, { request, info, audit, user })
    const response = request.upgrade === undefined ? handle() : options.streams.hold(async () => handle())
    const watch = (sink: Sink, done: () => void) =>
      flow.level.spec.exempt ? sink.onClose(done) : late.watch(sink, user.name, done)
    return holdWhileSent(
      response instanceof Promise ? await response : response,
      release && { release, watch },
    )
  } catch (error) {
    release?.()
    throw error
  }
}

/** Whose body may come slowly; handlers that take theirs in pieces are worked on for ever. */
function sendsBody({ method, bodyBytesToCome }: ApiRequest, info: RequestInfo): boolean {
  return info.resourceRequest && isMutating(method) && bodyBytesToCome !== 0 && !isLongRunning(info)
}

/**
 * Before the seat, which a slow body would hold for nothing. What is wrong with it is told when it is read. The result gives
 * back the room that the body has taken.
 */
async function receive(
  flows: FlowControl,
  { request, flow, user }: { request: ApiRequest; flow: Flow; user: UserInfo },
): Promise<() => void> {
  const bytes = Math.min(request.bodyBytesToCome ?? MAX_BODY_BYTES, MAX_BODY_BYTES)
  const place = flows.receive(flow, { user, bytes, gone: () => request.signal })
  const { arrived, leave } = place instanceof Promise ? await place : place
  const body = request.readBody()
  request.readBody = () => body
  try {
    arrived((await body).length)
  } catch {
    arrived(0)
  }
  return leave
}

/** Of a request that is not worked on for ever: call the result when it is done. */
function placeOf(
  { flows, inFlight }: ApiServerOptions,
  flow: Flow,
  { request, info, user }: { request: ApiRequest; info: RequestInfo; user: UserInfo },
): (() => void) | Promise<() => void> {
  const seat = flows.enter(flow, { info, user, gone: () => request.signal })
  // Who is exempt takes no place, and is not counted as if.
  if (flow.level.spec.exempt) return seat
  const counted = (leave: () => void) => {
    const done = inFlight.enter(isMutating(request.method))
    return () => {
      done()
      leave()
    }
  }
  return seat instanceof Promise ? seat.then(counted) : counted(seat)
}

/** Of what is stored: those that only are in the code have no uid. */
function tellFlow({ headers }: ApiResponse, { schema, level }: Flow): void {
  if (schema.uid !== '') headers['x-kubernetes-pf-flowschema-uid'] = schema.uid
  if (level.spec.uid !== '') headers['x-kubernetes-pf-prioritylevel-uid'] = level.spec.uid
}

function handled(
  { parts, pathHandler }: ApiServerOptions,
  { request, info, audit, user }: Omit<Asked, 'flow'> & { user: UserInfo },
): ApiResponse | Promise<ApiResponse> {
  if (info.resourceRequest) return dispatch(parts, { request, info, audit, user })
  const handler = pathHandler(info.path)
  if (handler === undefined) throw notServed()
  return handler(request, user)
}

interface Seat {
  release(): void
  watch(sink: Sink, done: () => void): void
}

/** A large answer counts as being worked on while its client takes it: that is what bounds the memory of answers. */
function holdWhileSent(response: ApiResponse, seat: Seat | undefined): ApiResponse {
  if (seat === undefined) return response
  const stream = streamOf(response.body)
  if (stream === undefined) {
    seat.release()
    return response
  }
  const body: BodyStream = {
    start(sink) {
      seat.watch(sink, seat.release)
      stream.start(sink)
    },
  }
  return { ...response, body }
}

function streamOf(body: ApiResponse['body']): BodyStream | undefined {
  if (body === undefined) return undefined
  const known = typeof body === 'string' || Buffer.isBuffer(body)
  if (!known) return body
  if (body.length <= SLAB_BYTES) return undefined
  const pieces = slabsOf(typeof body === 'string' ? Buffer.from(body) : body)
  return { start: (sink) => writeSlabs(sink, pieces) }
}

function authorize(authorizer: Authorizer, attributes: Attributes, audit: AuditTrail | undefined): void {
  const decision = authorizer.authorize(attributes)
  audit?.decided(decision)
  if (!decision.allowed) throw forbiddenFor(attributes, decision.reason)
}

function attributesOf(request: ApiRequest, info: RequestInfo, user: UserInfo): Attributes {
  if (!info.resourceRequest) return { resourceRequest: false, user, verb: info.verb, path: info.path }
  const { verb, group, version, resource, subresource, namespace, name } = info
  const attributes = {
    resourceRequest: true as const,
    user,
    verb,
    group,
    version,
    resource,
    subresource,
    namespace,
    name,
  }
  if (verb !== 'list' && verb !== 'watch') return attributes
  return { ...attributes, fieldSelector: request.query.get('fieldSelector') ?? '' }
}

const LONG_SUBRESOURCES = new Set(['attach', 'exec', 'log', 'portforward', 'proxy'])

function isLongRunning(info: RequestInfo): boolean {
  if (!info.resourceRequest) return info.path === '/backup' || info.path.startsWith('/v2/')
  return info.verb === 'watch' || LONG_SUBRESOURCES.has(info.subresource)
}

const isMutating = (method: string) => method !== 'GET' && method !== 'HEAD'

/** The Status of an error in an encoding the client takes; JSON when it takes none. */
export function errorResponse(request: Pick<ApiRequest, 'headers'>, error: StatusError): ApiResponse {
  const accept = request.headers['accept']
  const status = statusOf(error)
  const token = (error as { continueToken?: string }).continueToken
  if (token !== undefined) Object.assign(status.metadata, { continue: token })
  const response = respondWith(acceptedOrJson(accept), error.code, status, metaSchema('Status'))
  const retryAfter = error.details?.retryAfterSeconds
  if (retryAfter !== undefined) response.headers['retry-after'] = String(retryAfter)
  if (error.code === 401) response.headers['www-authenticate'] = 'Bearer'
  // Its text repeats what the client sent.
  response.headers['x-content-type-options'] = 'nosniff'
  return response
}

function acceptedOrJson(accept: string | undefined) {
  try {
    return negotiate(accept, { views: [], protobuf: true }, null)
  } catch {
    return negotiate(undefined, { views: [], protobuf: false }, null)
  }
}
