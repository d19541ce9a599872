// Answers with one object or a Status, in the view and encoding the client accepts.

import type { KubeObject } from '@brume/api/object'
import { isStatus } from '@brume/base/errors'
import { type Accepted, CONTENT_TYPES, negotiate, type Offer, prettyOf, TABLE_VIEWS } from '../http/accept.ts'
import { metaSchema, respondWith, viewOf } from '../http/encode.ts'
import type { ApiRequest, ApiResponse } from '../http/types.ts'
import { includeObjectOf } from '../request/options.ts'
import type { RequestContext } from './context.ts'
import { servesStoredBytes } from './versions.ts'

const LIST_VIEW = 'PartialObjectMetadataList'

/** Also judges what else shapes the answer, so that a write with it can be refused before it is done. Throws 406, 400. */
export function acceptOf({
  request,
  definition,
  info,
}: Pick<RequestContext, 'request' | 'definition' | 'info'>) {
  const accepted = negotiate(
    request.headers['accept'],
    { views: viewsOf(definition, info), protobuf: definition.custom !== true },
    prettyOf(request),
  )
  if (accepted.as === 'Table') includeObjectOf(request.query)
  return accepted
}

/** A kind that can only be created (a review) has no rows that anybody could list; one object is no list. */
function viewsOf({ verbs }: RequestContext['definition'], { verb }: RequestContext['info']): Offer['views'] {
  const views = verbs.includes('list') ? LISTED_VIEWS : UNLISTED_VIEWS
  return verb === 'deletecollection' ? views.ofMany : views.ofOne
}

const LISTED_VIEWS = { ofMany: TABLE_VIEWS, ofOne: TABLE_VIEWS.filter((view) => view !== LIST_VIEW) }
const UNLISTED_VIEWS = {
  ofMany: TABLE_VIEWS.filter((view) => view !== 'Table'),
  ofOne: ['PartialObjectMetadata'],
}

/** For bodies that have no views (TokenRequest). Throws 406. */
export function acceptPlain({ request }: Pick<RequestContext, 'request'>) {
  return negotiate(request.headers['accept'], { views: [], protobuf: true }, prettyOf(request))
}

/** A Scale has Tables, and is protobuf for custom kinds too. Throws 406, 400. */
export function acceptScale({ request }: Pick<RequestContext, 'request'>) {
  const offer = { views: TABLE_VIEWS, protobuf: true }
  const accepted = negotiate(request.headers['accept'], offer, prettyOf(request))
  if (accepted.as === 'Table') includeObjectOf(request.query)
  return accepted
}

/** `object` is in the version of the request. What was written for the request is answered with the bytes written. */
export function respondObject(context: RequestContext, status: number, object: KubeObject): ApiResponse {
  const accepted = acceptOf(context)
  const { written, definition } = context
  if (written?.object === object && isStoredForm(accepted, definition)) {
    return { status, headers: { 'content-type': CONTENT_TYPES.json }, body: written.value }
  }
  return respondView(context, accepted, { status, object, of: definition })
}

/** The stored bytes are what the client accepts. */
export function isStoredForm(accepted: Accepted, definition: RequestContext['definition']): boolean {
  return (
    accepted.encoding === 'json' && accepted.as === '' && !accepted.pretty && servesStoredBytes(definition)
  )
}

export function respondView(
  { request, parts }: RequestContext,
  accepted: Accepted,
  answer: { status: number; object: KubeObject; of: Parameters<typeof viewOf>[1] },
): ApiResponse {
  const includeObject = accepted.as === 'Table' ? includeObjectOf(request.query) : 'None'
  const view = viewOf(accepted, answer.of, answer.object, { now: parts.clock.now(), includeObject })
  return respondWith(accepted, answer.status, view.object, view.schema)
}

function acceptedOrJson(request: ApiRequest) {
  try {
    return acceptPlain({ request })
  } catch (error) {
    if (!isStatus(error, 'NotAcceptable')) throw error
    return negotiate(undefined, { views: [], protobuf: false }, null)
  }
}

/** 200 with a Status of success, as after a delete that is done. */
export function respondSuccess(context: RequestContext, details: object): ApiResponse {
  return respondStatus(context, 200, details)
}

/** A Status of success; in JSON for a client that would rather have a view, as what it asked for is done. */
export function respondStatus(context: RequestContext, code: number, details?: object): ApiResponse {
  const accepted = acceptedOrJson(context.request)
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
