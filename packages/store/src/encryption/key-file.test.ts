import assert from 'node:assert/strict'
import { chmodSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { tempDirs } from '../temp-dir.ts'
import { dropOldKeys, ensureKeyFile, readKeyFile, rotateKey } from './key-file.ts'

const tempDir = tempDirs()

test('is made once, for its owner only, with a random key', () => {
  const file = join(tempDir(), 'keys.json')
  const keys = ensureKeyFile(file)
  assert.equal(statSync(file).mode & 0o777, 0o600)
  assert.equal(keys.length, 1)
  assert.equal(keys[0].bytes.byteLength, 32)
  assert.deepEqual(ensureKeyFile(file), keys)
  assert.notDeepEqual(ensureKeyFile(join(tempDir(), 'keys.json')), keys)
})

test('a rotation puts a new key first and keeps the others until they are dropped', () => {
  const file = join(tempDir(), 'keys.json')
  const [old] = ensureKeyFile(file)
  const rotated = rotateKey(file)
  assert.deepEqual(rotated.slice(1), [old])
  assert.deepEqual(readKeyFile(file), rotated)
  assert.equal(statSync(file).mode & 0o777, 0o600)
  assert.deepEqual(dropOldKeys(file), [rotated[0]])
  assert.deepEqual(readKeyFile(file), [rotated[0]])
})

test('a file that others can read, or that is not a key file, is refused by name', () => {
  const file = join(tempDir(), 'keys.json')
  const refused = (why: RegExp) => {
    assert.throws(
      () => readKeyFile(file),
      (error) => {
        assert.ok(error instanceof Error && 'code' in error && error.code === 'encryption-key')
        assert.ok(error.message.includes(file))
        assert.match(error.message, why)
        return true
      },
    )
  }
  refused(/cannot be read/)
  ensureKeyFile(file)
  chmodSync(file, 0o640)
  refused(/chmod 600/)
  chmodSync(file, 0o600)
  const secret = Buffer.alloc(32).toString('base64')
  for (const [content, why] of [
    ['{', /not JSON/],
    ['null', /must be a list/],
    ['{"keys":[]}', /empty/],
    ['{"keys":[{"secret":"x"}]}', /no id/],
    ['{"keys":[{"id":"a","secret":"c2hvcnQ="}]}', /key a is not 32 bytes/],
    [JSON.stringify({ keys: [1, 2].map(() => ({ id: 'a', secret })) }), /same id/],
  ] as const) {
    writeFileSync(file, content)
    refused(why)
  }
})
