// A row of the log, and the checksum that tells a damaged one: SQLite has none over its pages.

import { crc32 } from 'node:zlib'

export const PUT = 0
export const DELETE = 1

export interface LogRow {
  readonly revision: number
  readonly kind: number
  readonly key: string
  readonly createRevision: number
  /** 0: the key did not exist. */
  readonly previousRevision: number
  readonly expiresAt: number | null
  /** null: the value is plain. */
  readonly encryptionKey: string | null
  /** As stored. */
  readonly value: Uint8Array
}

/** CRC-32 over every column; an unsigned 32-bit number. */
export function checksumOf(row: LogRow): number {
  const { revision, kind, key, createRevision, previousRevision, expiresAt, encryptionKey } = row
  const head = `${revision} ${kind} ${createRevision} ${previousRevision} ${expiresAt} ${encryptionKey} ${key}`
  return crc32(row.value, crc32(head))
}
