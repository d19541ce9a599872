import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { findExecutable } from '@brume/machine/executables'
import { ensureWireguardKey } from './key.ts'

const skip = findExecutable('wg') === undefined ? 'wg is not installed' : false

test('a key is made once, and its public half is what wg says', { skip }, (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'brume-key-'))
  t.after(() => rmSync(dir, { recursive: true }))
  const path = join(dir, 'key')
  const key = ensureWireguardKey(path)
  assert.equal(ensureWireguardKey(path), key)
  assert.equal(statSync(path).mode & 0o777, 0o600)
  assert.equal(
    execFileSync('wg', ['pubkey'], { input: readFileSync(path) })
      .toString()
      .trim(),
    key,
  )
})

test('a key of wg itself is read, and a broken one is told with what mends it', { skip }, (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'brume-key-'))
  t.after(() => rmSync(dir, { recursive: true }))
  const path = join(dir, 'key')
  const secret = execFileSync('wg', ['genkey'])
  writeFileSync(path, secret)
  assert.equal(ensureWireguardKey(path), execFileSync('wg', ['pubkey'], { input: secret }).toString().trim())
  writeFileSync(path, 'nonsense')
  assert.throws(() => ensureWireguardKey(path), /holds no key/)
})
