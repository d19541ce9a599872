// How OpenAPI documents are answered: from bytes, with an ETag, as the media type that the client takes.

import { createHash } from 'node:crypto'
import { StatusError } from '@brume/base/errors'
import { clausesOf } from '../http/accept.ts'
import type { ApiRequest, ApiResponse } from '../http/types.ts'

export interface Document {
  body: Buffer
  /** Upper-case hexadecimal. */
  hash: string
}

export function documentOf(body: Buffer): Document {
  return { body, hash: createHash('sha512').update(body).digest('hex').toUpperCase() }
}

/** The first of the client's media types that is offered. Throws 406. `offered` are in the server's order. */
export function acceptedType(request: ApiRequest, offered: readonly string[]): string {
  const header = request.headers['accept']
  for (const { type } of clausesOf(header === undefined || header === '' ? '*/*' : header)) {
    if (offered.includes(type)) return type
    if (type === '*/*' || type === 'application/*') return offered[0]!
  }
  throw new StatusError('NotAcceptable', `only the following media types are accepted: ${offered.join(', ')}`)
}

export function checkMethod(request: ApiRequest): void {
  if (request.method === 'GET' || request.method === 'HEAD') return
  throw new StatusError('MethodNotAllowed', 'the server does not allow this method on the requested resource')
}

/** 304 where the client has the document already. */
export function answer(
  request: ApiRequest,
  { body, hash }: Document,
  headers: Record<string, string>,
): ApiResponse {
  const etag = `"${hash}"`
  const all = { ...headers, etag, vary: 'Accept' }
  const known = request.headers['if-none-match']?.split(',').map((tag) => tag.trim())
  if (known?.includes(etag)) return { status: 304, headers: all, body: undefined }
  return { status: 200, headers: all, body: request.method === 'HEAD' ? undefined : body }
}
