// A server's refusal, rebuilt as the StatusError that it was on the other side.

import { REASON_CODES, type StatusDetails, StatusError, type StatusReason } from '@brume/base/errors'
import { decodeJson, isJsonError } from './json.ts'

interface StatusBody {
  kind?: string
  message?: string
  reason?: string
  code?: number
  details?: StatusDetails
}

/** By code, for answers that carry no reason that is known here. */
const REASON_OF_CODE: Record<number, StatusReason> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  406: 'NotAcceptable',
  409: 'Conflict',
  410: 'Expired',
  413: 'RequestEntityTooLarge',
  415: 'UnsupportedMediaType',
  422: 'Invalid',
  429: 'TooManyRequests',
  503: 'ServiceUnavailable',
  504: 'Timeout',
}

/** From a parsed `Status` (an answer's body, or the object of a watch's ERROR event). */
export function statusErrorOf(status: StatusBody, code = status.code ?? 500): StatusError {
  const named = status.reason !== undefined && Object.hasOwn(REASON_CODES, status.reason)
  const reason = named ? (status.reason as StatusReason) : (REASON_OF_CODE[code] ?? 'InternalError')
  return new StatusError(reason, status.message || `the server answered ${code}`, status.details)
}

/** From an answer with a code of 400 or more. Bodies that are no Status are quoted, up to 1,024 characters. */
export function errorOfAnswer(code: number, body: Buffer, subject: string): StatusError {
  const text = body.toString('utf8')
  try {
    const status = decodeJson<StatusBody>(text)
    if (status.kind === 'Status') return statusErrorOf(status, code)
  } catch (error) {
    if (!isJsonError(error)) throw error
  }
  const shown = text.trim().slice(0, 1024)
  const message = `${subject}: the server answered ${code}${shown === '' ? '' : `: ${shown}`}`
  return statusErrorOf({ message }, code)
}
