// What becomes known of one request while it is worked on, and the events that are written of it. A request that the
// policy leaves out costs little more than the question.

import { randomUUID } from 'node:crypto'
import type { StatusError } from '@brume/base/errors'
import type { Decision, UserInfo } from '../auth/types.ts'
import type { ApiRequest, ApiResponse, BodyStream } from '../http/types.ts'
import type { ResourceRegistry } from '../registry/resources.ts'
import type { RequestInfo } from '../request/info.ts'
import { MAX_BODIES_BYTES, type RecordedBody, shownBody } from './bodies.ts'
import { eventLine, type ObservedRequest } from './event.ts'
import type { PolicyMatcher, Verdict } from './match.ts'
import type { AuditMetrics } from './metrics.ts'
import type { Refusals } from './refusals.ts'
import type { MicroClock } from './timestamp.ts'
import type { AuditSink, AuditStage } from './types.ts'

export interface AuditParts {
  match: PolicyMatcher
  /** Absent: refusals are recorded only where the policy says so. */
  refusals: Refusals | undefined
  sink: AuditSink
  metrics: AuditMetrics
  clock: MicroClock
  registry: ResourceRegistry
}

const TRUNCATED = 'audit.k8s.io/truncated'
/** How many refusals of this user were not recorded since the last that was. */
const OMITTED = 'audit.brume.dev/omitted-refusals'
/** What clients may choose themselves: short enough for the log, and nothing that a header or a line minds. */
const GIVEN_ID = /^[\w.-]{1,64}$/

export class AuditTrail {
  readonly id: string
  readonly #parts: AuditParts
  readonly #request: ApiRequest
  readonly #info: RequestInfo
  readonly #receivedAt: number
  #verdict: Verdict | undefined
  #user: UserInfo | undefined
  #impersonated: UserInfo | undefined
  #decision: Decision | undefined
  #target: ObservedRequest['target'] = {}
  #annotations: Record<string, string> | undefined
  #error: StatusError | undefined
  #panicked = false
  #sent: RecordedBody | undefined
  #tooLarge = false

  constructor(parts: AuditParts, request: ApiRequest, info: RequestInfo) {
    this.#parts = parts
    this.#request = request
    this.#info = info
    this.#receivedAt = parts.clock()
    const given = request.headers['audit-id']
    this.id = given !== undefined && GIVEN_ID.test(given) ? given : randomUUID()
  }

  /** Who asks. Returns the request to go on with: its body is looked at where the policy wants it. */
  authenticated(user: UserInfo): ApiRequest {
    this.#user = user
    const verdict = this.#parts.match(this.#info, user)
    this.#verdict = verdict
    if (verdict.level === 'None') return this.#request
    this.#write('RequestReceived')
    return verdict.level !== 'Metadata' && this.#info.resourceRequest ? this.#listening() : this.#request
  }

  /** In whose name the request is made; the user's own, mostly. */
  actingAs(user: UserInfo): void {
    if (user !== this.#user) this.#impersonated = user
  }

  decided(decision: Decision): void {
    this.#decision = decision
  }

  annotate(key: string, value: string): void {
    this.#annotations ??= {}
    this.#annotations[key] = value
  }

  /** What is being created, whose name the path does not have. */
  names(target: ObservedRequest['target']): void {
    this.#target = target
  }

  /** `isBug`: nobody expected it. */
  failed(error: StatusError, isBug: boolean): void {
    this.#error = error
    this.#panicked = isBug
  }

  /** The answer is known: it carries the id, and if it is a stream, its end is recorded too. */
  answered(response: ApiResponse, isLongRunning: boolean): ApiResponse {
    response.headers['audit-id'] = this.id
    const { status, body } = response
    if (this.#verdict === undefined) return this.#turnedAway(response)
    if (this.#verdict.level === 'None') {
      if ((status !== 401 && status !== 403) || !this.#admitRefusal()) return response
      this.#verdict = { ...this.#verdict, level: 'Metadata' }
    }
    const isStream = response.takeover !== undefined || isStreamed(body)
    if (isLongRunning && isStream) {
      this.#write('ResponseStarted', response)
      return this.#untilEnd(response)
    }
    this.#write(this.#panicked ? 'Panic' : 'ResponseComplete', response)
    return response
  }

  /** Nobody knows who it was. As in Kubernetes there is one event, of the beginning of the answer. */
  #turnedAway(response: ApiResponse): ApiResponse {
    const verdict = this.#parts.match(this.#info, undefined)
    if (verdict.level === 'None' && !this.#admitRefusal()) return response
    this.#verdict = { ...verdict, level: 'Metadata' }
    this.#write('ResponseStarted', response)
    return response
  }

  #admitRefusal(): boolean {
    const { refusals } = this.#parts
    const omitted = refusals?.admit(this.#impersonated?.name ?? this.#user?.name ?? '', this.#receivedAt)
    if (omitted === undefined) return false
    if (omitted > 0) this.annotate(OMITTED, String(omitted))
    return true
  }

  #untilEnd(response: ApiResponse): ApiResponse {
    let isOpen = true
    const ended = () => {
      if (isOpen) this.#write('ResponseComplete', response)
      isOpen = false
    }
    const { body, takeover } = response
    if (takeover !== undefined) {
      return {
        ...response,
        takeover(socket, head) {
          socket.once('close', ended)
          if (socket.destroyed) ended()
          takeover(socket, head)
        },
      }
    }
    return isStreamed(body) ? { ...response, body: watched(body, ended) } : response
  }

  /** Node asks a request for its signal, say, when somebody wants it: so a view, and no copy. */
  #listening(): ApiRequest {
    const request = this.#request
    const readBody = async () => {
      const bytes = await request.readBody()
      if (bytes.length > MAX_BODIES_BYTES) this.#tooLarge = true
      else if (bytes.length > 0) this.#sent = { bytes, contentType: request.headers['content-type'] }
      return bytes
    }
    return Object.create(request, { readBody: { value: readBody, enumerable: true, writable: true } })
  }

  #write(stage: AuditStage, response?: ApiResponse): void {
    const { level, omitStages } = this.#verdict!
    if (omitStages.has(stage)) return
    const { sink, metrics, clock } = this.#parts
    metrics.recorded(level)
    const bodies = level === 'Metadata' ? undefined : this.#bodies(response)
    const outcome = response && { code: response.status, error: this.#error }
    sink.write(
      eventLine(
        {
          level,
          auditId: this.id,
          request: this.#request,
          info: this.#info,
          user: this.#user,
          impersonated: this.#impersonated,
          target: this.#target,
          annotations: this.#allAnnotations(),
          requestObject: bodies?.request,
          responseObject: bodies?.response,
          outcome,
          receivedAt: this.#receivedAt,
        },
        stage,
        clock(),
      ),
    )
  }

  #bodies(response: ApiResponse | undefined): { request?: unknown; response?: unknown } {
    const { level, omitManagedFields } = this.#verdict!
    const show = (body: RecordedBody) => {
      const shown = shownBody(body, { registry: this.#parts.registry, omitManagedFields })
      if (shown === undefined) this.#tooLarge = true
      return shown
    }
    const request = this.#sent === undefined ? undefined : show(this.#sent)
    const answer =
      level === 'RequestResponse' && response !== undefined ? this.#answerOf(response) : undefined
    const result = { request, response: answer && show(answer) }
    if (this.#tooLarge) this.annotate(TRUNCATED, 'true')
    return result
  }

  /** undefined: there is none, or it is too large to stand in an event. */
  #answerOf({ headers, body }: ApiResponse): RecordedBody | undefined {
    if (body === undefined || !this.#info.resourceRequest) return undefined
    const size = isStreamed(body) ? Number.POSITIVE_INFINITY : body.length + (this.#sent?.bytes.length ?? 0)
    if (isStreamed(body) || size > MAX_BODIES_BYTES) {
      this.#tooLarge = true
      return undefined
    }
    return { bytes: body, contentType: String(headers['content-type'] ?? '') }
  }

  #allAnnotations(): Record<string, string> {
    if (this.#decision === undefined) return this.#annotations ?? {}
    const { allowed, reason } = this.#decision
    return {
      ...this.#annotations,
      'authorization.k8s.io/decision': allowed ? 'allow' : 'forbid',
      'authorization.k8s.io/reason': reason,
    }
  }
}

const isStreamed = (body: ApiResponse['body']): body is BodyStream =>
  body !== undefined && typeof body !== 'string' && !Buffer.isBuffer(body)

/** `ended` is called once the client has it all, or has gone. */
function watched(body: BodyStream, ended: () => void): BodyStream {
  const { startEvents } = body
  return {
    start(sink) {
      sink.onClose(ended)
      body.start(sink)
    },
    ...(startEvents && {
      startEvents(sink) {
        sink.onClose(ended)
        startEvents.call(body, sink)
      },
    }),
  }
}
