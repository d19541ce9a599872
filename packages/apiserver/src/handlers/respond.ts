// Answers with one object or a Status, in the view and encoding the client accepts.

import type { KubeObject } from '@brume/api/object'
import { negotiate, TABLE_VIEWS } from '../http/accept.ts'
import { metaSchema, respondWith, viewOf } from '../http/encode.ts'
import type { ApiResponse } from '../http/types.ts'
import { parseListOptions } from '../request/options.ts'
import type { RequestContext } from './context.ts'

export function acceptOf(context: Pick<RequestContext, 'request' | 'definition'>) {
  return negotiate(
    context.request.headers['accept'],
    { views: TABLE_VIEWS, protobuf: context.definition.custom !== true },
    context.request.query.get('pretty'),
  )
}

/** `object` is in the version of the request. */
export function respondObject(context: RequestContext, status: number, object: KubeObject): ApiResponse {
  const accepted = acceptOf(context)
  const includeObject =
    accepted.as === 'Table' ? parseListOptions(context.request.query, 'list').includeObject : 'None'
  const view = viewOf(accepted, context.definition, object, { now: context.parts.clock.now(), includeObject })
  return respondWith(accepted, status, view.object, view.schema)
}

/** 200 with a Status of success, as after a delete that is done. */
export function respondSuccess(context: RequestContext, details: object): ApiResponse {
  return respondStatus(context, 200, details)
}

/** A Status of success. */
export function respondStatus(context: RequestContext, code: number, details?: object): ApiResponse {
  const { request } = context
  const accepted = negotiate(
    request.headers['accept'],
    { views: [], protobuf: true },
    request.query.get('pretty'),
  )
  const status = {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    ...(details === undefined ? {} : { details }),
    ...(code === 200 ? {} : { code }),
  }
  return respondWith(accepted, code, status, metaSchema('Status'))
}
