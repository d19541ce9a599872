// What the main thread and the writer tell each other. A batch travels as one piece of memory that is handed over and
// one text, so that posting it costs the main thread one copy of the values and no cloning of small objects.

import type { Batch } from '../memory/backend.ts'
import type { SqliteFailure } from './errors.ts'
import type { ReencryptProgress, ReencryptStep } from './reencrypt.ts'
import { DELETE, type LogRow, PUT } from './row.ts'

export interface PackedBatch {
  readonly kind: 'write'
  readonly rows: number
  /** Each followed by KEY_END. */
  readonly keys: string
  /** Numbers, 8 bytes each: NUMBERS_PER_ROW for each row (see `pack`), and the revisions to forget. Then the values. */
  readonly memory: ArrayBuffer
  readonly forget: number
  readonly compactedRevision: number
}

export type ToWriter =
  | PackedBatch
  | ({ readonly kind: 'reencrypt' } & ReencryptStep)
  | { readonly kind: 'close' }

export type FromWriter =
  /** Sent once; the newest revision in the log. */
  | { readonly kind: 'ready'; readonly revision: number }
  | { readonly kind: 'written' }
  | ({ readonly kind: 'reencrypted' } & ReencryptProgress)
  | { readonly kind: 'failed'; readonly failure: SqliteFailure }
  | { readonly kind: 'closed' }

const NUMBERS_PER_ROW = 7
const NEVER = -1
/** In no key. */
const KEY_END = '\0'

export function pack(batch: Batch, encrypts: (key: string) => boolean): PackedBatch {
  const { writes, forget } = batch
  let size = 0
  for (const { event } of writes) size += event.entry.value.byteLength
  const count = writes.length * NUMBERS_PER_ROW + forget.length
  const memory = new ArrayBuffer(count * Float64Array.BYTES_PER_ELEMENT + size)
  const numbers = new Float64Array(memory, 0, count)
  const bytes = new Uint8Array(memory, numbers.byteLength)
  let keys = ''
  let offset = 0
  let at = 0
  for (const { event, expiresAt } of writes) {
    const { key, createRevision, value } = event.entry
    keys += key + KEY_END
    numbers[at++] = event.revision
    numbers[at++] = event.type === 'put' ? PUT : DELETE
    numbers[at++] = createRevision
    numbers[at++] = event.previous?.revision ?? 0
    numbers[at++] = expiresAt ?? NEVER
    numbers[at++] = value.byteLength
    numbers[at++] = encrypts(key) ? 1 : 0
    bytes.set(value, offset)
    offset += value.byteLength
  }
  for (const revision of forget) numbers[at++] = revision
  const { compactedRevision } = batch
  return { kind: 'write', rows: writes.length, keys, memory, forget: forget.length, compactedRevision }
}

/** Calls `each` with every row of a batch, its value still plain, and whether it is to be encrypted. */
export function unpackRows(
  { rows, keys, memory, forget }: PackedBatch,
  each: (row: LogRow, encrypt: boolean) => void,
): void {
  const numbers = new Float64Array(memory, 0, rows * NUMBERS_PER_ROW)
  let offset = numbers.byteLength + forget * Float64Array.BYTES_PER_ELEMENT
  let start = 0
  for (let at = 0; at < numbers.length; at += NUMBERS_PER_ROW) {
    const end = keys.indexOf(KEY_END, start)
    const size = numbers[at + 5]!
    const expiresAt = numbers[at + 4]!
    const row: LogRow = {
      revision: numbers[at]!,
      kind: numbers[at + 1]!,
      key: keys.slice(start, end),
      createRevision: numbers[at + 2]!,
      previousRevision: numbers[at + 3]!,
      expiresAt: expiresAt === NEVER ? null : expiresAt,
      encryptionKey: null,
      value: new Uint8Array(memory, offset, size),
    }
    start = end + 1
    offset += size
    each(row, numbers[at + 6] === 1)
  }
}

/** The revisions to forget. */
export function unpackForgotten({ rows, memory, forget }: PackedBatch): Float64Array {
  return new Float64Array(memory, rows * NUMBERS_PER_ROW * Float64Array.BYTES_PER_ELEMENT, forget)
}
