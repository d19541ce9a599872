// How OpenAPI documents are answered: from bytes, with an ETag, as the media type that the client takes.

import { createHash } from 'node:crypto'
import { StatusError } from '@brume/base/errors'
import { clausesOf } from '../http/accept.ts'
import type { ApiRequest, ApiResponse } from '../http/types.ts'
import type { Dialect } from './schema-json.ts'

export interface Document {
  body: Buffer
  /** Upper-case hexadecimal. */
  hash: string
}

export function documentOf(body: Buffer): Document {
  return { body, hash: createHash('sha512').update(body).digest('hex').toUpperCase() }
}

export const JSON_TYPE = 'application/json'

/**
 * The content type of the first of the client's media types that there is: JSON, which is the default, or protobuf in
 * gnostic's messages. Throws 406.
 */
export function acceptedForm(request: ApiRequest, dialect: Dialect): string {
  const protobuf = `application/com.github.proto-openapi.spec.${dialect}.v1.0+protobuf`
  // What most clients ask for. It is no valid media type, so the answer names the one that is.
  const alias = `application/com.github.proto-openapi.spec.${dialect}@v1.0+protobuf`
  const header = request.headers['accept']
  for (const { type } of clausesOf(header === undefined || header === '' ? '*/*' : header)) {
    if (type === JSON_TYPE || type === '*/*' || type === 'application/*') return JSON_TYPE
    if (type === protobuf || type === alias) return protobuf
  }
  const all = [JSON_TYPE, protobuf, alias].join(', ')
  throw new StatusError('NotAcceptable', `only the following media types are accepted: ${all}`)
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
