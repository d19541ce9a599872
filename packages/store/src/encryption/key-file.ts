// The key file: JSON, readable by its owner only. Losing it loses what it encrypts; a backup of the store does not
// contain it.
//
//   { "keys": [{ "id": "2030-01-02-7f3a9c", "secret": "<32 bytes in base64>" }, ...] }

import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { StoreError } from '../contract.ts'
import { writeFileDurably } from '../files.ts'
import { type EncryptionKey, type EncryptionKeys, KEY_BYTES } from './keys.ts'

/** Permission bits of the group and of others. */
const NOT_OWNER = 0o077
const MAX_KEYS = 16

/** The keys of a file; makes it with one new key when it is missing. */
export function ensureKeyFile(file: string): EncryptionKeys {
  if (!existsSync(file)) write(file, [newKey()])
  return readKeyFile(file)
}

/** Throws StoreError 'encryption-key' when the file is missing, readable by others, or not a key file. */
export function readKeyFile(file: string): EncryptionKeys {
  return parseKeys(file, readPrivate(file))
}

/**
 * Adds the keys of another key file's text that the file does not have, behind its own; makes the file when it is missing.
 * What either could decrypt, it can then. Throws StoreError 'encryption-key'.
 */
export function addKeys(file: string, text: string): EncryptionKeys {
  const given = parseKeys(file, text)
  if (!existsSync(file)) write(file, given)
  else {
    const own = readKeyFile(file)
    const added = given.filter(({ id }) => !own.some((key) => key.id === id))
    if (own.length + added.length > MAX_KEYS) throw unusable(file, `it would have more than ${MAX_KEYS} keys`)
    if (added.length > 0) write(file, [...own, ...added])
  }
  return readKeyFile(file)
}

function parseKeys(file: string, text: string): EncryptionKeys {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch (cause) {
    throw unusable(file, 'it is not JSON', cause)
  }
  const listed = isRecord(parsed) ? parsed['keys'] : undefined
  if (!Array.isArray(listed) || listed.length > MAX_KEYS) {
    throw unusable(file, `"keys" must be a list of 1 to ${MAX_KEYS} keys`)
  }
  const [first, ...others] = listed.map((key) => parseKey(file, key))
  if (first === undefined) throw unusable(file, '"keys" is empty')
  const keys: EncryptionKeys = [first, ...others]
  if (new Set(keys.map((key) => key.id)).size < keys.length) throw unusable(file, 'two keys have the same id')
  return keys
}

/** Puts a new key first. Values keep their old keys until `store.reencrypt(keys)`. */
export function rotateKey(file: string): EncryptionKeys {
  const keys = readKeyFile(file)
  if (isFull(keys))
    throw unusable(file, `it has ${MAX_KEYS} keys already. Next: ./brume rotate-key --drop-old-keys`)
  write(file, [newKey(), ...keys])
  return readKeyFile(file)
}

/** Leaves only the first key, when everything was re-encrypted. Older backups need the dropped keys: keep a copy. */
export function dropOldKeys(file: string): EncryptionKeys {
  const [first] = readKeyFile(file)
  write(file, [first])
  return [first]
}

/** No other key has room beside these. */
export const isFull = (keys: EncryptionKeys) => keys.length >= MAX_KEYS

function newKey(): EncryptionKey {
  const id = `${new Date().toISOString().slice(0, 10)}-${randomBytes(3).toString('hex')}`
  return { id, bytes: randomBytes(KEY_BYTES) }
}

function write(file: string, keys: readonly EncryptionKey[]): void {
  const listed = keys.map(({ id, bytes }) => ({ id, secret: Buffer.from(bytes).toString('base64') }))
  writeFileDurably(file, `${JSON.stringify({ keys: listed }, null, 2)}\n`)
}

function readPrivate(file: string): string {
  try {
    const { mode } = statSync(file)
    if ((mode & NOT_OWNER) !== 0) throw unusable(file, `others can read it: chmod 600 ${file}`)
    return readFileSync(file, 'utf8')
  } catch (cause) {
    if (cause instanceof StoreError) throw cause
    throw unusable(file, 'it cannot be read', cause)
  }
}

function parseKey(file: string, key: unknown): EncryptionKey {
  if (!isRecord(key)) throw unusable(file, 'a key is not an object')
  const { id, secret } = key
  if (typeof id !== 'string' || id === '') throw unusable(file, 'a key has no id')
  const bytes = Buffer.from(typeof secret === 'string' ? secret : '', 'base64')
  if (bytes.byteLength !== KEY_BYTES) throw unusable(file, `key ${id} is not ${KEY_BYTES} bytes in base64`)
  return { id, bytes: Uint8Array.from(bytes) }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function unusable(file: string, why: string, cause?: unknown): StoreError {
  return new StoreError('encryption-key', `the key file ${file} cannot be used: ${why}`, { cause })
}
