// The one transport-neutral error of Brume: the API's own Status (reasons and codes as in the Kubernetes API
// conventions). It becomes HTTP in one place, in apiserver/http/status.ts.

export interface StatusCause {
  reason?: string
  message?: string
  field?: string
}

export interface StatusDetails {
  name?: string
  group?: string
  kind?: string
  uid?: string
  causes?: StatusCause[]
  retryAfterSeconds?: number
}

/** Reason -> HTTP code, from metav1.StatusReason's documentation. */
export const REASON_CODES = {
  BadRequest: 400,
  Unauthorized: 401,
  Forbidden: 403,
  NotFound: 404,
  MethodNotAllowed: 405,
  NotAcceptable: 406,
  AlreadyExists: 409,
  Conflict: 409,
  Gone: 410,
  Expired: 410,
  RequestEntityTooLarge: 413,
  UnsupportedMediaType: 415,
  Invalid: 422,
  TooManyRequests: 429,
  InternalError: 500,
  ServerTimeout: 500,
  ServiceUnavailable: 503,
  Timeout: 504,
  /** Sent without a reason: Kubernetes' answer to faults that it has no reason for. */
  Unknown: 500,
} as const

export type StatusReason = keyof typeof REASON_CODES

export class StatusError extends Error {
  override name = 'StatusError'
  readonly reason: StatusReason
  readonly code: number
  readonly details: StatusDetails | undefined

  constructor(reason: StatusReason, message: string, details?: StatusDetails, options?: { cause?: unknown }) {
    super(message, options)
    this.reason = reason
    this.code = REASON_CODES[reason]
    this.details = details
  }
}

export interface GroupResourceName {
  group: string
  resource: string
  name: string
}

/** `pods` or `deployments.apps`: how Kubernetes names a resource in messages. */
export function qualifiedResource({ group, resource }: { group: string; resource: string }): string {
  return group === '' ? resource : `${resource}.${group}`
}

function detailsOf({ group, resource, name }: GroupResourceName): StatusDetails {
  const details: StatusDetails = { name }
  if (group !== '') details.group = group
  details.kind = resource
  return details
}

export function notFound(of: GroupResourceName): StatusError {
  return new StatusError('NotFound', `${qualifiedResource(of)} "${of.name}" not found`, detailsOf(of))
}

export function alreadyExists(of: GroupResourceName): StatusError {
  return new StatusError(
    'AlreadyExists',
    `${qualifiedResource(of)} "${of.name}" already exists`,
    detailsOf(of),
  )
}

export function conflict(of: GroupResourceName, why: string): StatusError {
  const message = `Operation cannot be fulfilled on ${qualifiedResource(of)} "${of.name}": ${why}`
  return new StatusError('Conflict', message, detailsOf(of))
}

export const OPTIMISTIC_LOCK =
  'the object has been modified; please apply your changes to the latest version and try again'

export function forbidden(of: GroupResourceName, why: string): StatusError {
  const subject = of.name === '' ? qualifiedResource(of) : `${qualifiedResource(of)} "${of.name}"`
  return new StatusError('Forbidden', `${subject} is forbidden: ${why}`, detailsOf(of))
}

export function badRequest(message: string): StatusError {
  return new StatusError('BadRequest', message)
}

/** 410 with the reason that makes a client list again. */
export function expired(message: string): StatusError {
  return new StatusError('Expired', message)
}

export function tooManyRequests(message: string, retryAfterSeconds: number): StatusError {
  return new StatusError('TooManyRequests', message, { retryAfterSeconds })
}

export function isStatus(error: unknown, reason: StatusReason): error is StatusError {
  return error instanceof StatusError && error.reason === reason
}
