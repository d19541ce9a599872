// The keys that belong to a backup, as one file: what a backup of the store cannot be used without (the key of its
// Secrets), and what makes a restored cloud the same one for its clients (the authority, the key that signs tokens).
// With a passphrase the file is of use to nobody else.

import { createCipheriv, createDecipheriv, randomBytes, scryptSync } from 'node:crypto'

/** Paths below the data directory. Everything else under pki/ is made again from these. */
export const KEY_FILES = [
  'encryption-keys.json',
  'pki/ca.key',
  'pki/ca.crt',
  'pki/sa.key',
  'pki/sa.pub',
] as const

export type KeyFile = (typeof KEY_FILES)[number]
export type KeyFiles = Partial<Record<KeyFile, string>>

/** What goes beside a backup of this name. */
export const keysBeside = (backup: string) => `${backup}.keys`

/** The passphrase of a file's text: its first line, without blanks around it. */
export function passphraseOf(text: string): string {
  return text.split('\n', 1)[0]!.trim()
}

export class KeyBundleError extends Error {
  override name = 'KeyBundleError'
}

const KIND = 'BrumeKeys'
const VERSION = 1
const ALGORITHM = 'aes-256-gcm'
const KEY_BYTES = 32
const SALT_BYTES = 16
const NONCE_BYTES = 12
const TAG_BYTES = 16
/** About half a second and 128 MiB for each guess (RFC 7914). */
const SCRYPT = { N: 2 ** 17, r: 8, p: 1 }
/** A file of somebody else may ask for no more than this. */
const MAX_SCRYPT_BYTES = 256 * 1024 * 1024

export function writeKeyBundle(files: KeyFiles, passphrase: string | undefined): string {
  const content = passphrase === undefined ? { files } : { sealed: seal(JSON.stringify(files), passphrase) }
  return `${JSON.stringify({ kind: KIND, version: VERSION, ...content }, null, 2)}\n`
}

/** Throws KeyBundleError: it is no such file, the passphrase is missing or wrong. */
export function readKeyBundle(text: string, passphrase: string | undefined): KeyFiles {
  const bundle = parse(text)
  if (bundle['kind'] !== KIND) throw new KeyBundleError('it is no file of keys of a backup')
  if (bundle['version'] !== VERSION)
    throw new KeyBundleError(`its version ${bundle['version']} is not known here`)
  const { sealed } = bundle
  if (sealed === undefined) return filesIn(bundle['files'])
  if (passphrase === undefined) throw new KeyBundleError('it needs a passphrase')
  return filesIn(parse(unseal(sealed, passphrase)))
}

function filesIn(value: unknown): KeyFiles {
  if (!isRecord(value)) throw new KeyBundleError('it holds no keys')
  const files: KeyFiles = {}
  for (const name of KEY_FILES) if (typeof value[name] === 'string') files[name] = value[name]
  if (files['encryption-keys.json'] === undefined) throw new KeyBundleError('it holds no key of Secrets')
  return files
}

function seal(text: string, passphrase: string): object {
  const [salt, nonce] = [randomBytes(SALT_BYTES), randomBytes(NONCE_BYTES)]
  const cipher = createCipheriv(ALGORITHM, derive(passphrase, salt, SCRYPT), nonce)
  const bytes = Buffer.concat([cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()])
  const base64 = (buffer: Buffer) => buffer.toString('base64')
  return { scrypt: SCRYPT, salt: base64(salt), nonce: base64(nonce), bytes: base64(bytes) }
}

function unseal(sealed: unknown, passphrase: string): string {
  if (!isRecord(sealed) || !isRecord(sealed['scrypt'])) throw new KeyBundleError('it is damaged')
  const { N, r, p } = sealed['scrypt'] as { N: number; r: number; p: number }
  const [salt, nonce, bytes] = ['salt', 'nonce', 'bytes'].map((name) =>
    Buffer.from(String(sealed[name] ?? ''), 'base64'),
  ) as [Buffer, Buffer, Buffer]
  try {
    const decipher = createDecipheriv(ALGORITHM, derive(passphrase, salt, { N, r, p }), nonce)
    const end = bytes.length - TAG_BYTES
    decipher.setAuthTag(bytes.subarray(end))
    return Buffer.concat([decipher.update(bytes.subarray(0, end)), decipher.final()]).toString()
  } catch (cause) {
    throw new KeyBundleError('the passphrase is another one, or the file is damaged', { cause })
  }
}

function derive(passphrase: string, salt: Buffer, cost: { N: number; r: number; p: number }): Buffer {
  return scryptSync(passphrase.normalize('NFKC'), salt, KEY_BYTES, { ...cost, maxmem: MAX_SCRYPT_BYTES })
}

function parse(text: string): Record<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new KeyBundleError('it is not JSON', { cause })
  }
  if (!isRecord(value)) throw new KeyBundleError('it is no JSON object')
  return value
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
