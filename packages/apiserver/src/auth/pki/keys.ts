// Key pairs in PEM form.

import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'

const generate = promisify(generateKeyPair)

export interface KeyPair {
  privateKey: KeyObject
  publicKey: KeyObject
  privatePem: string
}

/** ECDSA on P-256: for everything that takes part in TLS. */
export async function newEcKeyPair(): Promise<KeyPair> {
  const { privateKey, publicKey } = await generate('ec', { namedCurve: 'P-256' })
  return { privateKey, publicKey, privatePem: privatePem(privateKey) }
}

/** RSA 2048: RS256 is the one algorithm that every OpenID Connect relying party must accept. */
export async function newRsaKeyPair(): Promise<KeyPair> {
  const { privateKey, publicKey } = await generate('rsa', { modulusLength: 2048 })
  return { privateKey, publicKey, privatePem: privatePem(privateKey) }
}

/** undefined when the text holds no private key that can be read. */
export function parsePrivateKey(text: string): KeyPair | undefined {
  try {
    const privateKey = createPrivateKey(text)
    return { privateKey, publicKey: createPublicKey(privateKey), privatePem: text }
  } catch {
    return undefined
  }
}

/** All public keys of a PEM bundle; undefined when one of them cannot be read or there is none. */
export function parsePublicKeys(text: string): KeyObject[] | undefined {
  const blocks = text.match(/-----BEGIN [A-Z ]*PUBLIC KEY-----[^-]*-----END [A-Z ]*PUBLIC KEY-----/g)
  if (blocks === null) return undefined
  try {
    return blocks.map((block) => createPublicKey(block))
  } catch {
    return undefined
  }
}

export function publicPem(key: KeyObject): string {
  return key.export({ type: 'spki', format: 'pem' }).toString()
}

function privatePem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString()
}
