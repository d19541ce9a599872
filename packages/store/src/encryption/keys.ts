// Encryption at rest: which values, and with which keys.

/** 256 bits, for AES-256-GCM. */
export const KEY_BYTES = 32

export interface EncryptionKey {
  /** Stored beside every value that it encrypts. */
  readonly id: string
  readonly bytes: Uint8Array
}

/** The first key encrypts, all of them decrypt. Never empty. */
export type EncryptionKeys = readonly [EncryptionKey, ...EncryptionKey[]]

export interface Encryption {
  /** Whether the values of a bucket are encrypted. */
  buckets(bucket: string): boolean
  readonly keys: EncryptionKeys
}
