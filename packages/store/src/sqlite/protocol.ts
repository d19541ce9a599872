// What the main thread and the writer tell each other. A batch travels as a few typed arrays whose memory is handed
// over, so that posting it costs the main thread one copy of the values and no cloning of small objects.

import type { Batch } from '../memory/backend.ts'
import type { SqliteFailure } from './errors.ts'
import type { ReencryptProgress, ReencryptStep } from './reencrypt.ts'
import { DELETE, type LogRow, PUT } from './row.ts'

export interface PackedBatch {
  readonly kind: 'write'
  readonly keys: readonly string[]
  /** NUMBERS_PER_ROW for each row: see `pack`. */
  readonly numbers: Float64Array<ArrayBuffer>
  /** The values one after the other. */
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly forget: Float64Array<ArrayBuffer>
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

export function pack(batch: Batch, encrypts: (key: string) => boolean): PackedBatch {
  const { writes } = batch
  const keys: string[] = []
  const numbers = new Float64Array(writes.length * NUMBERS_PER_ROW)
  let size = 0
  for (const { event } of writes) size += event.entry.value.byteLength
  const bytes = new Uint8Array(size)
  let offset = 0
  let at = 0
  for (const { event, expiresAt } of writes) {
    const { key, createRevision, value } = event.entry
    keys.push(key)
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
  const forget = Float64Array.from(batch.forget)
  return { kind: 'write', keys, numbers, bytes, forget, compactedRevision: batch.compactedRevision }
}

/** The rows of a batch, values still plain, and whether each is to be encrypted. */
export function* unpack({ keys, numbers, bytes }: PackedBatch): Generator<{ row: LogRow; encrypt: boolean }> {
  let offset = 0
  for (const [index, key] of keys.entries()) {
    const at = index * NUMBERS_PER_ROW
    const [revision, kind, createRevision, previousRevision, expiresAt, size, encrypt] = numbers.subarray(
      at,
      at + NUMBERS_PER_ROW,
    ) as unknown as [number, number, number, number, number, number, number]
    const row: LogRow = {
      revision,
      kind,
      key,
      createRevision,
      previousRevision,
      expiresAt: expiresAt === NEVER ? null : expiresAt,
      encryptionKey: null,
      value: bytes.subarray(offset, offset + size),
    }
    offset += size
    yield { row, encrypt: encrypt === 1 }
  }
}
