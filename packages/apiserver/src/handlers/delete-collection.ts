// DELETE of all objects that a selector matches: each by the same path as a single delete.

import { isStatus } from '@brume/base/errors'
import { deepClone } from '@brume/base/values'
import type { Entry } from '@brume/store/contract'
import { negotiate, prettyOf, TABLE_VIEWS } from '../http/accept.ts'
import type { ApiResponse } from '../http/types.ts'
import { objectOf } from '../registry/entries.ts'
import { type DeleteOptions, parseDeleteOptions } from '../request/delete-options.ts'
import { parseListOptions } from '../request/options.ts'
import type { RequestContext } from './context.ts'
import { deleteObject } from './delete.ts'
import { listEntries, respondList } from './list.ts'

const PARALLEL = 16

/** Answers with the list of what was matched. Objects that vanish meanwhile are no error. */
export async function handleDeleteCollection(context: RequestContext): Promise<ApiResponse> {
  const { request } = context
  const options = await parseDeleteOptions(request)
  const listOptions = parseListOptions(request.query, 'list')
  const accepted = negotiate(
    request.headers['accept'],
    { views: TABLE_VIEWS, protobuf: context.definition.custom !== true },
    prettyOf(request),
  )
  const page = listEntries(context, listOptions)
  const queue = [...page.entries]
  const drains = await Promise.allSettled(
    Array.from({ length: PARALLEL }, () => drain(context, options, queue)),
  )
  // The answer comes when nothing is being deleted any more, also when one deletion failed.
  const failed = drains.find((result) => result.status === 'rejected')
  if (failed !== undefined) throw failed.reason
  return respondList(context, accepted, listOptions, page)
}

async function drain(context: RequestContext, options: DeleteOptions, queue: Entry[]): Promise<void> {
  for (let entry = queue.shift(); entry !== undefined; entry = queue.shift()) {
    const { name = '', namespace = '' } = objectOf(entry).metadata
    const one = { ...context, info: { ...context.info, name, namespace } }
    try {
      await deleteObject(one, deepClone(options))
    } catch (error) {
      if (!isStatus(error, 'NotFound')) throw error
    }
  }
}
