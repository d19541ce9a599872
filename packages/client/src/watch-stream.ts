// A watch's body, line by line, as events.

import type { KubeObject } from '@brume/api/object'
import { decodeJson, isJsonError } from './json.ts'
import { statusErrorOf } from './status.ts'
import { TransportError } from './transport.ts'

export interface WatchEvent<T extends KubeObject = KubeObject> {
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'
  object: T
}

/** One event is one object; the server's own limit on an object is far below. */
const MAX_EVENT_BYTES = 32 * 1024 * 1024

/**
 * Events until the server ends the watch. An ERROR event is thrown as its StatusError. A body that ends inside an
 * event is a lost connection.
 */
export async function* watchEvents<T extends KubeObject>(
  body: AsyncIterable<Buffer>,
): AsyncGenerator<WatchEvent<T>, void, undefined> {
  let pending: Buffer[] = []
  let pendingBytes = 0
  for await (const chunk of body) {
    let start = 0
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      pending.push(chunk.subarray(start, end))
      start = end + 1
      const line = pending.length === 1 ? pending[0]! : Buffer.concat(pending)
      pending = []
      pendingBytes = 0
      if (line.length > 0) yield parseEvent<T>(line)
    }
    if (start === chunk.length) continue
    pending.push(chunk.subarray(start))
    pendingBytes += chunk.length - start
    if (pendingBytes > MAX_EVENT_BYTES) {
      throw new TransportError('ConnectionLost', `a watch event is larger than ${MAX_EVENT_BYTES} bytes`)
    }
  }
  if (pendingBytes === 0) return
  const rest = Buffer.concat(pending)
  let event: WatchEvent<T>
  try {
    event = parseEvent<T>(rest)
  } catch (error) {
    if (!isJsonError(error)) throw error
    throw new TransportError('ConnectionLost', 'the watch ended inside an event', { cause: error })
  }
  yield event
}

function parseEvent<T extends KubeObject>(line: Buffer): WatchEvent<T> {
  const event = decodeJson<{ type: string; object: T }>(line)
  if (event.type === 'ERROR') throw statusErrorOf(event.object)
  return event as WatchEvent<T>
}
