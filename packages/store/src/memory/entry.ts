// Making entries: one shape for all of them, and values in memory of exactly their size.

import type { Entry, Key } from '../contract.ts'

export interface EntryFields {
  key: Key
  revision: number
  createRevision: number
  value: Buffer
  attachment: unknown
}

export function makeEntry({ key, revision, createRevision, value, attachment }: EntryFields): Entry {
  return { key, revision, createRevision, value: exactSize(value), attachment }
}

/** A slice of a larger allocation (Node's 8 KB pool, a request body) would keep all of that alive. */
function exactSize(value: Buffer): Buffer {
  if (value.buffer.byteLength === value.byteLength) return value
  const exact = Buffer.allocUnsafeSlow(value.byteLength)
  value.copy(exact)
  return exact
}
