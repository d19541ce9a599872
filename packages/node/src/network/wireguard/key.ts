// A node's own key pair for the encrypted tunnels: made once, kept in a file that only root reads.

import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { RuntimeError } from '../../runtime/error.ts'

/** X25519 in PKCS #8 (RFC 8410): these bytes, then the 32 of the key. */
const PKCS8_HEAD = Buffer.from('302e020100300506032b656e04220420', 'hex')
const KEY_BYTES = 32

/** `path`: of the private key, as `wg` reads it. Gives the public one, in base64. Throws RuntimeError for a broken file. */
export function ensureWireguardKey(path: string): string {
  if (!existsSync(path)) {
    const { privateKey } = generateKeyPairSync('x25519')
    writeFileSync(`${path}.new`, `${bytesOf(privateKey, 'd').toString('base64')}\n`, { mode: 0o600 })
    renameSync(`${path}.new`, path)
  }
  const secret = Buffer.from(readFileSync(path, 'utf8').trim(), 'base64')
  if (secret.length !== KEY_BYTES) {
    throw new RuntimeError(
      `${path} holds no key for the tunnels between nodes`,
      `rm ${path}   (a new one is made)`,
    )
  }
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_HEAD, secret]), format: 'der', type: 'pkcs8' })
  return bytesOf(createPublicKey(key), 'x').toString('base64')
}

function bytesOf(key: KeyObject, part: 'd' | 'x'): Buffer {
  return Buffer.from(key.export({ format: 'jwk' })[part] ?? '', 'base64url')
}
