import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { putOf, text } from '../contract-suite/steps.ts'
import { dropOldKeys, ensureKeyFile, readKeyFile, rotateKey } from '../encryption/key-file.ts'
import type { EncryptionKeys } from '../encryption/keys.ts'
import { tempDirs } from '../temp-dir.ts'
import { openSqliteStore } from './open.ts'

const tempDir = tempDirs()
const PASSWORD = 'correct horse battery staple'

const onlySecrets = (keys: EncryptionKeys) => ({ keys, buckets: (bucket: string) => bucket === 'secrets' })

test('values of the named buckets never reach the disk as they are', async () => {
  const dir = tempDir()
  const encryption = onlySecrets(ensureKeyFile(join(tempDir(), 'keys.json')))
  const store = await openSqliteStore({ dir, encryption })
  await store.commit(putOf('secrets/a', PASSWORD))
  await store.commit(putOf('configmaps/a', 'a plain value'))
  assert.equal(text(store.get('secrets/a')), PASSWORD)
  assert.ok(!onDisk(dir, PASSWORD))
  assert.ok(onDisk(dir, 'a plain value'))
  await store.close()
  assert.ok(!onDisk(dir, PASSWORD))
  const reopened = await openSqliteStore({ dir, encryption })
  assert.equal(text(reopened.get('secrets/a')), PASSWORD)
  await reopened.close()
})

test('a missing or wrong key is told at open, by its id', async () => {
  const dir = tempDir()
  const keys = ensureKeyFile(join(tempDir(), 'keys.json'))
  const store = await openSqliteStore({ dir, encryption: onlySecrets(keys) })
  await store.commit(putOf('secrets/a', PASSWORD))
  await store.close()
  const [{ id }] = keys
  const refused = { code: 'encryption-key', message: new RegExp(id) }
  await assert.rejects(openSqliteStore({ dir }), refused)
  const other = ensureKeyFile(join(tempDir(), 'keys.json'))
  await assert.rejects(openSqliteStore({ dir, encryption: onlySecrets(other) }), refused)
  const sameId: EncryptionKeys = [{ id, bytes: new Uint8Array(32) }]
  await assert.rejects(openSqliteStore({ dir, encryption: onlySecrets(sameId) }), refused)
})

test('after a rotation everything is re-encrypted online, under the same revisions, and old keys can go', async () => {
  const dir = tempDir()
  const file = join(tempDir(), 'keys.json')
  const store = await openSqliteStore({ dir, encryption: onlySecrets(ensureKeyFile(file)) })
  const count = 1_200
  await Promise.all(Array.from({ length: count }, (_, n) => store.commit(putOf(`secrets/${n}`, PASSWORD))))
  const { revision } = store
  const rotated = rotateKey(file)
  const rewriting = store.reencrypt(rotated)
  const meanwhile = await store.commit(putOf('secrets/meanwhile', PASSWORD))
  assert.deepEqual(await rewriting, { rewritten: count })
  assert.equal(store.revision, meanwhile.revision)
  assert.equal(meanwhile.revision, revision + 1)
  assert.deepEqual(await store.reencrypt(rotated), { rewritten: 0 })
  await store.close()

  dropOldKeys(file)
  const reopened = await openSqliteStore({ dir, encryption: onlySecrets(readKeyFile(file)) })
  const { entries } = reopened.list({ prefix: 'secrets' })
  assert.equal(entries.length, count + 1)
  assert.ok(entries.every((entry) => text(entry) === PASSWORD))
  await reopened.close()
})

test('values that were plain before are encrypted by reencrypt, and leave nothing behind', async () => {
  const dir = tempDir()
  const plain = await openSqliteStore({ dir })
  await plain.commit(putOf('secrets/a', PASSWORD))
  await plain.close()
  assert.ok(onDisk(dir, PASSWORD))
  const encryption = onlySecrets(ensureKeyFile(join(tempDir(), 'keys.json')))
  const store = await openSqliteStore({ dir, encryption })
  assert.deepEqual(await store.reencrypt(), { rewritten: 1 })
  await store.close()
  assert.ok(!onDisk(dir, PASSWORD))
})

function onDisk(dir: string, wanted: string): boolean {
  return readdirSync(dir).some(
    (name) => /^store\.db(-wal)?$/.test(name) && readFileSync(join(dir, name)).includes(wanted),
  )
}
