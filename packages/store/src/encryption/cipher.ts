// AES-256-GCM over one value: nonce, ciphertext, tag. The name of the entry is authenticated with it, so that a value
// cannot be moved to another name.

import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import type { EncryptionKey } from './keys.ts'

const ALGORITHM = 'aes-256-gcm'
/** Random for each value; NIST SP 800-38D allows 2^32 values a key this way. */
const NONCE_BYTES = 12
const TAG_BYTES = 16

export function encrypt(key: EncryptionKey, name: string, plain: Uint8Array): Buffer {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv(ALGORITHM, key.bytes, nonce, { authTagLength: TAG_BYTES })
  cipher.setAAD(Buffer.from(name))
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()])
}

/** Throws when the key is another one, or the value or its name was changed. */
export function decrypt(key: EncryptionKey, name: string, encrypted: Uint8Array): Buffer {
  const tagAt = encrypted.byteLength - TAG_BYTES
  if (tagAt < NONCE_BYTES) throw new Error('an encrypted value is at least a nonce and a tag long')
  const nonce = encrypted.subarray(0, NONCE_BYTES)
  const decipher = createDecipheriv(ALGORITHM, key.bytes, nonce, { authTagLength: TAG_BYTES })
  decipher.setAAD(Buffer.from(name))
  decipher.setAuthTag(encrypted.subarray(tagAt))
  const plain = Buffer.allocUnsafeSlow(tagAt - NONCE_BYTES)
  decipher.update(encrypted.subarray(NONCE_BYTES, tagAt)).copy(plain)
  decipher.final()
  return plain
}
