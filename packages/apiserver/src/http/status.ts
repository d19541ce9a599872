// The one place where errors become HTTP: a metav1.Status with the right code, reason and details. A bug's stack
// goes to the log, never into an answer.

import { StatusError } from '@brume/base/errors'
import { StoreError } from '@brume/store/contract'

export interface StatusObject {
  kind: 'Status'
  apiVersion: 'v1'
  metadata: Record<string, never>
  status: 'Success' | 'Failure'
  message?: string
  reason?: string
  details?: object
  code: number
}

export function statusOf(error: StatusError): StatusObject {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: error.message,
    ...(error.reason === 'Unknown' ? {} : { reason: error.reason }),
    ...(error.details === undefined ? {} : { details: error.details }),
    code: error.code,
  }
}

/**
 * Any thrown value as a StatusError. `bug` is called for what nobody expected, so that it is logged with its stack;
 * the client sees only that the server failed.
 */
export function toStatusError(error: unknown, bug: (error: unknown) => void): StatusError {
  if (error instanceof StatusError) return error
  if (error instanceof StoreError) return fromStoreError(error)
  bug(error)
  return new StatusError(
    'InternalError',
    'Internal error occurred: the request could not be completed; see the server log',
    {
      causes: [{ message: 'unexpected error' }],
    },
  )
}

function fromStoreError(error: StoreError): StatusError {
  switch (error.code) {
    case 'compacted':
    case 'future-revision':
      return new StatusError('Expired', error.message)
    case 'unavailable':
    case 'closed':
      return new StatusError('ServiceUnavailable', `the store cannot take writes: ${error.message}`, {
        retryAfterSeconds: 1,
      })
    default:
      return new StatusError('InternalError', `Internal error occurred: ${error.message}`)
  }
}
