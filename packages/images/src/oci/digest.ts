// Digests: how contents are named.

import { createHash } from 'node:crypto'

/** `sha256:` and 64 digits. */
export function digestOf(bytes: Buffer | string): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}

const SHA256 = /^sha256:[0-9a-f]{64}$/

export function isDigest(text: unknown): text is string {
  return typeof text === 'string' && SHA256.test(text)
}

/** The 64 digits. */
export function hexOf(digest: string): string {
  return digest.slice('sha256:'.length)
}
