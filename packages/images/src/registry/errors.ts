// Errors as the OCI distribution specification names them.

import type { RegistryResponse } from './types.ts'

const STATUSES = {
  BLOB_UNKNOWN: 404,
  BLOB_UPLOAD_INVALID: 400,
  BLOB_UPLOAD_UNKNOWN: 404,
  DIGEST_INVALID: 400,
  MANIFEST_BLOB_UNKNOWN: 404,
  MANIFEST_INVALID: 400,
  MANIFEST_UNKNOWN: 404,
  NAME_INVALID: 400,
  NAME_UNKNOWN: 404,
  SIZE_INVALID: 400,
  UNAUTHORIZED: 401,
  DENIED: 403,
  UNSUPPORTED: 405,
  TOOMANYREQUESTS: 429,
  RANGE_INVALID: 416,
  TAG_INVALID: 400,
  UNAVAILABLE: 503,
  UNKNOWN: 500,
} as const

export type RegistryErrorCode = keyof typeof STATUSES

export class RegistryError extends Error {
  override name = 'RegistryError'
  readonly code: RegistryErrorCode
  readonly status: number

  constructor(code: RegistryErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.code = code
    this.status = STATUSES[code]
  }
}

export function errorAnswer({ code, status, message }: RegistryError): RegistryResponse {
  return {
    status,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ errors: [{ code, message }] }),
  }
}

/** The specification's code for an HTTP status that came from elsewhere. */
export function codeOfStatus(status: number): RegistryErrorCode {
  if (status === 401) return 'UNAUTHORIZED'
  if (status === 403) return 'DENIED'
  if (status === 404) return 'NAME_UNKNOWN'
  if (status === 405) return 'UNSUPPORTED'
  if (status === 429) return 'TOOMANYREQUESTS'
  return status >= 500 ? 'UNKNOWN' : 'UNSUPPORTED'
}
