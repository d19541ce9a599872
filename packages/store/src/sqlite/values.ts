// Values on their way into and out of the file: encrypted or plain.

import { StoreError } from '../contract.ts'
import { decrypt, encrypt } from '../encryption/cipher.ts'
import type { EncryptionKeys } from '../encryption/keys.ts'
import type { LogRow } from './row.ts'

/** The row with its plain value encrypted by the first key. */
export function seal(row: LogRow, [key]: EncryptionKeys): LogRow {
  return { ...row, encryptionKey: key.id, value: encrypt(key, row.key, row.value) }
}

/** The plain value of a row as stored. Throws StoreError 'encryption-key'. */
export function unseal(row: LogRow, keys: EncryptionKeys | undefined, file: string): Buffer {
  const { key: name, encryptionKey, value } = row
  // node:sqlite gives each value memory of its own, so this is exact-size without a copy.
  if (encryptionKey === null) return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  const key = keys?.find((candidate) => candidate.id === encryptionKey)
  if (key === undefined) {
    const why = `${file} has values that were encrypted with key ${encryptionKey}, which is not among the given keys`
    throw new StoreError('encryption-key', why)
  }
  try {
    return decrypt(key, name, value)
  } catch (cause) {
    const why = `key ${encryptionKey} does not fit ${name} in ${file}: it is another key under the same id`
    throw new StoreError('encryption-key', why, { cause })
  }
}
