// GET of one object. In plain JSON the stored bytes are the answer.

import { notFound, StatusError } from '@brume/base/errors'
import type { ApiResponse } from '../http/types.ts'
import { keyOf, objectOf } from '../registry/entries.ts'
import { type RequestContext, targetOf } from './context.ts'
import { acceptOf, isStoredForm, respondObject } from './respond.ts'
import { toServed } from './versions.ts'

export function handleGet(context: RequestContext): ApiResponse {
  const { definition, info, parts, request } = context
  checkRevision(request.query.get('resourceVersion'), parts.store.revision)
  const entry = parts.store.get(keyOf(definition, info.namespace, info.name))
  if (entry === undefined) throw notFound(targetOf(context))
  const accepted = acceptOf(context)
  if (isStoredForm(accepted, definition)) {
    return { status: 200, headers: { 'content-type': 'application/json' }, body: entry.value }
  }
  return respondObject(context, 200, toServed(definition, objectOf(entry)))
}

/** Reads are always of the newest state, so that only a version from the future cannot be served. */
export function checkRevision(wanted: string | null, current: number): void {
  if (wanted === null || wanted === '') return
  if (!/^\d+$/.test(wanted)) {
    throw new StatusError('BadRequest', `resourceVersion: Invalid value: ${JSON.stringify(wanted)}`)
  }
  if (Number(wanted) > current) throw revisionTooLarge(wanted, current)
}

export function revisionTooLarge(wanted: string, current: number): StatusError {
  return new StatusError('Timeout', `Too large resource version: ${wanted}, current: ${current}`, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    retryAfterSeconds: 1,
  })
}
