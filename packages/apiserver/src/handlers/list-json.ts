// The hot path of LIST: stored bytes joined into slabs, written as fast as the client takes them, never parsed.

import { apiVersionOf, type ResourceDefinition } from '@brume/api/resource'
import { stringifyJson } from '@brume/base/json'
import { SLAB_BYTES, writeSlabs } from '../http/slabs.ts'
import type { ApiResponse } from '../http/types.ts'
import type { Page } from './list.ts'

const COMMA = Buffer.from(',')
const OPEN = Buffer.from('{')
const END = Buffer.from(']}\n')

export interface ListMeta {
  resourceVersion: string
  continue?: string
  remainingItemCount?: number
}

export function listMetaOf(page: Page): ListMeta {
  return {
    resourceVersion: String(page.revision),
    ...(page.continueToken === '' ? {} : { continue: page.continueToken }),
    ...(page.remainingItemCount === undefined ? {} : { remainingItemCount: page.remainingItemCount }),
  }
}

export function jsonListResponse(definition: ResourceDefinition, page: Page): ApiResponse {
  const apiVersion = apiVersionOf(definition.group, definition.version)
  const head = `{"kind":"${definition.listKind}","apiVersion":"${apiVersion}","metadata":${stringifyJson(listMetaOf(page))},"items":[`
  const pieces: Buffer[] = [Buffer.from(head)]
  const type = itemType(definition)
  for (const { value } of page.entries) {
    if (pieces.length > 1) pieces.push(COMMA)
    if (type !== undefined && startsWith(value, type)) pieces.push(OPEN, value.subarray(type.length))
    else pieces.push(value)
  }
  pieces.push(END)
  const headers = { 'content-type': 'application/json' }
  const total = pieces.reduce((sum, piece) => sum + piece.length, 0)
  if (total <= SLAB_BYTES) return { status: 200, headers, body: Buffer.concat(pieces, total) }
  return { status: 200, headers, body: { start: (sink) => writeSlabs(sink, pieces) } }
}

/** How the stored bytes of a built-in kind begin. Its items carry no type: the list's says it, as in Kubernetes. */
function itemType({ custom, group, version, kind }: ResourceDefinition): Buffer | undefined {
  if (custom === true) return undefined
  return Buffer.from(`{"kind":"${kind}","apiVersion":"${apiVersionOf(group, version)}",`)
}

function startsWith(value: Buffer, prefix: Buffer): boolean {
  return value.length > prefix.length && value.compare(prefix, 0, prefix.length, 0, prefix.length) === 0
}
