// Resources that are not stored but found out when someone asks. Selectors, tables and encodings are those of every list.

import { notFound } from '@brume/base/errors'
import type { Entry } from '@brume/store/contract'
import { negotiate, prettyOf, TABLE_VIEWS } from '../http/accept.ts'
import type { ApiResponse } from '../http/types.ts'
import { exactBytes, keyOf } from '../registry/entries.ts'
import { parseListOptions } from '../request/options.ts'
import { compileSelection } from '../request/selection.ts'
import type { ComputedResource, RequestContext } from './context.ts'
import { respondList } from './list.ts'
import { acceptOf, respondObject } from './respond.ts'

export async function handleComputedGet(
  context: RequestContext,
  { kind, get }: ComputedResource,
): Promise<ApiResponse> {
  const { namespace, name, group } = context.info
  acceptOf(context)
  const object = await get(namespace, name)
  if (object === undefined) {
    throw notFound({ group, resource: kind, name: namespace === '' ? name : `${namespace}/${name}` })
  }
  return respondObject(context, 200, object)
}

export async function handleComputedList(
  context: RequestContext,
  { list }: ComputedResource,
): Promise<ApiResponse> {
  const { definition, info, request, parts } = context
  const views = { views: TABLE_VIEWS, protobuf: true }
  const accepted = negotiate(request.headers['accept'], views, prettyOf(request))
  const options = parseListOptions(request.query, 'list')
  const selection = compileSelection(definition, options)
  const { revision } = parts.store
  const entries = (await list(info.namespace)).map((object): Entry => {
    const key = keyOf(definition, object.metadata.namespace ?? '', object.metadata.name!)
    const value = exactBytes(JSON.stringify(object))
    return { key, revision, createRevision: revision, value, attachment: undefined }
  })
  const page = {
    entries: selection.all ? entries : entries.filter((entry) => selection.matches(entry)),
    revision,
    continueToken: '',
    remainingItemCount: undefined,
  }
  return respondList(context, accepted, options, page)
}
