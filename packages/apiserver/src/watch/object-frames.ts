// Watch events as objects, for readers inside this process (controllers): what the bytes would say, without writing and
// parsing them. Objects are those of the store's entries, frozen and shared.

import type { KubeObject } from '@brume/api/object'
import { deepFreeze } from '@brume/base/values'
import type { EventBatch, ObjectEvent } from '../http/types.ts'
import { bookmarkOf, type Framing, leftOf, servedOf, type WatchForm } from './framing.ts'

/** About what an event without an entry is as bytes. */
const SMALL_EVENT_BYTES = 256

/** undefined: this form is made of bytes only (a Table, protobuf). */
export function objectFraming(form: WatchForm): Framing<EventBatch> | undefined {
  const { accepted } = form
  if (accepted.encoding !== 'json' || accepted.as === 'Table') return undefined
  return {
    id: `objects/${form.id}`,
    event: (type, entry) => batchOf(type, servedOf(form, entry), entry.value.byteLength),
    left: (last, revision) => batchOf('DELETED', leftOf(form, last, revision), last.value.byteLength),
    bookmark: (revision, initialEventsEnd) =>
      batchOf('BOOKMARK', bookmarkOf(form, revision, initialEventsEnd)),
    error: (status) => batchOf('ERROR', status as KubeObject),
    join: joinBatches,
    sizeOf: ({ bytes }) => bytes,
  }
}

function batchOf(type: ObjectEvent['type'], object: KubeObject, bytes = SMALL_EVENT_BYTES): EventBatch {
  return { events: [{ type, object: deepFreeze(object) }], bytes }
}

export function joinBatches(batches: readonly EventBatch[]): EventBatch {
  if (batches.length === 1) return batches[0]!
  const events: ObjectEvent[] = []
  let bytes = 0
  for (const batch of batches) {
    for (const event of batch.events) events.push(event)
    bytes += batch.bytes
  }
  return { events, bytes }
}
