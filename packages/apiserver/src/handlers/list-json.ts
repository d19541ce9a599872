// The hot path of LIST: stored bytes joined into slabs, written as fast as the client takes them, never parsed.

import { apiVersionOf, type ResourceDefinition } from '@brume/api/resource'
import { stringifyJson } from '@brume/base/json'
import type { Entry } from '@brume/store/contract'
import type { ApiResponse, Sink } from '../http/types.ts'
import type { Page } from './list.ts'

const SLAB_BYTES = 256 * 1024
const COMMA = 44
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
  const head = Buffer.from(
    `{"kind":"${definition.listKind}","apiVersion":"${apiVersionOf(definition.group, definition.version)}","metadata":${stringifyJson(listMetaOf(page))},"items":[`,
  )
  const total = page.entries.reduce((sum, entry) => sum + entry.value.length + 1, head.length + END.length)
  const headers = { 'content-type': 'application/json' }
  if (total <= SLAB_BYTES) {
    const slab = Buffer.allocUnsafe(total)
    return {
      status: 200,
      headers,
      body: fill(slab, { head, entries: page.entries, from: 0, to: page.entries.length, end: END }),
    }
  }
  return { status: 200, headers, body: { start: (sink) => writeSlabs(sink, head, page.entries) } }
}

interface Piece {
  head: Buffer | undefined
  entries: readonly Entry[]
  from: number
  to: number
  end: Buffer | undefined
}

/** Copies head, the entries from..to with commas before all but the first of the list, and end. */
function fill(slab: Buffer, { head, entries, from, to, end }: Piece): Buffer {
  let at = 0
  if (head !== undefined) at += head.copy(slab, at)
  for (let i = from; i < to; i++) {
    if (i > 0) slab[at++] = COMMA
    at += entries[i]!.value.copy(slab, at)
  }
  if (end !== undefined) at += end.copy(slab, at)
  return slab.subarray(0, at)
}

function writeSlabs(sink: Sink, head: Buffer, entries: readonly Entry[]): void {
  let from = 0
  const next = () => {
    if (sink.closed) return
    let to = from
    let bytes = from === 0 ? head.length : 0
    while (to < entries.length && (bytes < SLAB_BYTES || to === from))
      bytes += entries[to++]!.value.length + 1
    const last = to === entries.length
    const slab = Buffer.allocUnsafe(bytes + (last ? END.length : 0))
    const room = sink.write(
      fill(slab, { head: from === 0 ? head : undefined, entries, from, to, end: last ? END : undefined }),
    )
    from = to
    if (last) sink.end()
    else if (room) setImmediate(next)
    else sink.onDrain(next)
  }
  next()
}
