// A watch's body, line by line, as events.

import type { KubeObject } from '@brume/api/object'
import { decodeJson, isJsonError } from './json.ts'
import { statusErrorOf } from './status.ts'
import { type RawEvent, TransportError, type TransportResponse } from './transport.ts'

export interface WatchEvent<T extends KubeObject = KubeObject> {
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'
  object: T
}

/** One event is one object; the server's own limit on an object is far below. */
const MAX_EVENT_BYTES = 32 * 1024 * 1024

/**
 * Events until the server ends the watch, as many at a time as have come. An ERROR event is thrown as its StatusError,
 * after those before it. A body that ends inside an event is a lost connection.
 */
export async function* watchEvents<T extends KubeObject>(
  response: Pick<TransportResponse, 'body' | 'events'>,
): AsyncGenerator<readonly WatchEvent<T>[], void, undefined> {
  for await (const events of response.events?.() ?? parsedEvents(response.body)) {
    const end = events.findIndex(({ type }) => type === 'ERROR')
    if (end < 0) yield events as readonly WatchEvent<T>[]
    else {
      if (end > 0) yield events.slice(0, end) as WatchEvent<T>[]
      throw statusErrorOf(events[end]!.object)
    }
  }
}

async function* parsedEvents(body: AsyncIterable<Buffer>): AsyncGenerator<RawEvent[], void, undefined> {
  let pending: Buffer[] = []
  let pendingBytes = 0
  for await (const chunk of body) {
    const events: RawEvent[] = []
    let start = 0
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      pending.push(chunk.subarray(start, end))
      start = end + 1
      const line = pending.length === 1 ? pending[0]! : Buffer.concat(pending)
      pending = []
      pendingBytes = 0
      if (line.length > 0) events.push(decodeJson<RawEvent>(line))
    }
    if (events.length > 0) yield events
    if (start === chunk.length) continue
    pending.push(chunk.subarray(start))
    pendingBytes += chunk.length - start
    if (pendingBytes > MAX_EVENT_BYTES) {
      throw new TransportError('ConnectionLost', `a watch event is larger than ${MAX_EVENT_BYTES} bytes`)
    }
  }
  if (pendingBytes > 0) yield [lastEvent(Buffer.concat(pending))]
}

function lastEvent(rest: Buffer): RawEvent {
  try {
    return decodeJson<RawEvent>(rest)
  } catch (error) {
    if (!isJsonError(error)) throw error
    throw new TransportError('ConnectionLost', 'the watch ended inside an event', { cause: error })
  }
}
