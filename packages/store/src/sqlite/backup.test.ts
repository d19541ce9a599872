import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { failure, putOf, Seen, text } from '../contract-suite/steps.ts'
import { ensureKeyFile } from '../encryption/key-file.ts'
import { renameDurably } from '../files.ts'
import { tempDirs } from '../temp-dir.ts'
import { STORE_FILE, stagedFile } from './file.ts'
import { openSqliteStore, type SqliteStore } from './open.ts'
import { openReadOnly } from './open-read-only.ts'
import { restoreBackup } from './restore.ts'

const tempDir = tempDirs()

async function filled(dir: string): Promise<SqliteStore> {
  const store = await openSqliteStore({ dir })
  await Promise.all(
    Array.from({ length: 500 }, (_, n) => store.commit(putOf(`pods/${n}`, `${n}`.repeat(500)))),
  )
  return store
}

test('a backup is a consistent copy of one moment, made while writes go on', async () => {
  const store = await filled(tempDir())
  const path = join(tempDir(), 'backup.db')
  const before = store.revision
  let running = true
  const backup = store.backup(path).finally(() => {
    running = false
  })
  // Two keys that are always written together, one after the other.
  let written = 0
  for (; running; written++) {
    await Promise.all(['pods/x', 'pods/y'].map((key) => store.commit(putOf(key, `${written}`))))
  }
  const { revision, bytes } = await backup
  assert.ok(written > 0 && revision >= before && revision <= store.revision)
  assert.equal(bytes, statSync(path).size)
  assert.equal(statSync(path).mode & 0o777, 0o600)
  const copy = openReadOnly(path)
  assert.equal(copy.revision, revision)
  assert.equal(text(copy.get('pods/x')), text(copy.get('pods/y')))
  assert.deepEqual(
    copy.list({ prefix: 'pods' }).entries.map(text),
    store.list({ prefix: 'pods', revision }).entries.map(text),
  )
  await failure(copy.commit(putOf('pods/a', 'x')), 'unavailable')
  await copy.close()
  await store.close()
})

test('a backup never replaces a file, and a failed one leaves nothing', async () => {
  const store = await filled(tempDir())
  const dir = tempDir()
  writeFileSync(join(dir, 'there'), 'precious')
  await failure(store.backup(join(dir, 'there')), 'unavailable')
  await failure(store.backup(join(dir, 'missing', 'backup.db')), 'unavailable')
  assert.equal(readFileSync(join(dir, 'there'), 'utf8'), 'precious')
  assert.deepEqual(readdirSync(dir), ['there'])
  await store.close()
})

test('a restored store has the state of the backup, keeps the old one aside, and makes every client list again', async () => {
  const dir = tempDir()
  const store = await filled(dir)
  const backup = join(tempDir(), 'backup.db')
  const kept = await store.commit(putOf('pods/kept', 'in the backup'))
  await store.backup(backup)
  const lost = await store.commit(putOf('pods/lost', 'after the backup'))
  await store.close()

  const { revision, aside } = restoreBackup({ backup, dir })
  const restored = await openSqliteStore({ dir })
  assert.ok(revision > lost.revision)
  assert.equal(restored.revision, revision)
  assert.equal(restored.get('pods/kept')?.revision, kept.revision)
  assert.equal(restored.get('pods/lost'), undefined)
  for (const after of [kept.revision, lost.revision, revision - 1]) {
    assert.throws(() => new Seen(restored, { prefix: 'pods', after }), { code: 'compacted' })
  }
  const next = await restored.commit(putOf('pods/kept', 'changed', { revision: kept.revision }))
  assert.ok(next.revision > revision)
  await restored.close()

  assert.ok(aside !== undefined)
  const old = openReadOnly(aside)
  assert.equal(text(old.get('pods/lost')), 'after the backup')
  await old.close()
})

test('a second restore of the same backup goes beyond the first', async () => {
  const dir = tempDir()
  const backup = join(tempDir(), 'backup.db')
  const store = await filled(dir)
  await store.backup(backup)
  await store.close()
  const first = restoreBackup({ backup, dir })
  assert.ok(restoreBackup({ backup, dir }).revision > first.revision)
})

test('a damaged store is replaced by a backup', async () => {
  const dir = tempDir()
  const backup = join(tempDir(), 'backup.db')
  const store = await filled(dir)
  await store.backup(backup)
  await store.close()
  writeFileSync(join(dir, STORE_FILE), 'damaged')
  const { aside } = restoreBackup({ backup, dir })
  assert.equal(readFileSync(aside!, 'utf8'), 'damaged')
  const restored = await openSqliteStore({ dir })
  assert.equal(restored.list({ prefix: 'pods' }).entries.length, 500)
  await restored.close()
})

test('a damaged, foreign or missing backup, or a running store, is refused and changes nothing', async () => {
  const dir = tempDir()
  const backup = join(tempDir(), 'backup.db')
  const store = await filled(dir)
  await store.backup(backup)
  assert.throws(() => restoreBackup({ backup, dir }), { code: 'locked' })
  await store.close()
  const before = readFileSync(join(dir, STORE_FILE))
  const damaged = readFileSync(backup)
  const at = damaged.indexOf('499499')
  damaged[at]! ^= 1
  writeFileSync(`${backup}.damaged`, damaged)
  writeFileSync(`${backup}.foreign`, 'not a database')
  for (const name of [`${backup}.damaged`, `${backup}.foreign`, `${backup}.missing`]) {
    assert.throws(() => restoreBackup({ backup: name, dir }), { code: 'corrupt', message: new RegExp(name) })
  }
  assert.deepEqual(readFileSync(join(dir, STORE_FILE)), before)
  const reopened = await openSqliteStore({ dir })
  assert.equal(reopened.list({ prefix: 'pods' }).entries.length, 500)
  await reopened.close()
})

test('a restore that was interrupted after its verification is finished by the next open', async () => {
  const dir = tempDir()
  const backup = join(tempDir(), 'backup.db')
  const store = await filled(dir)
  await store.backup(backup)
  await store.commit(putOf('pods/lost', 'x'))
  await store.close()
  const elsewhere = tempDir()
  const { revision } = restoreBackup({ backup, dir: elsewhere })
  renameDurably(join(elsewhere, STORE_FILE), stagedFile(join(dir, STORE_FILE)))
  const restored = await openSqliteStore({ dir })
  assert.equal(restored.revision, revision)
  assert.equal(restored.get('pods/lost'), undefined)
  assert.ok(!existsSync(stagedFile(join(dir, STORE_FILE))))
  await restored.close()
})

test('a backup with encrypted values is encrypted, and needs the keys', async () => {
  const dir = tempDir()
  const keys = ensureKeyFile(join(tempDir(), 'keys.json'))
  const encryption = { keys, buckets: () => true }
  const store = await openSqliteStore({ dir, encryption })
  await store.commit(putOf('secrets/a', 'correct horse'))
  const backup = join(tempDir(), 'backup.db')
  await store.backup(backup)
  await store.close()
  assert.ok(!readFileSync(backup).includes('correct horse'))
  const other = tempDir()
  assert.throws(() => restoreBackup({ backup, dir: other }), { code: 'encryption-key' })
  restoreBackup({ backup, dir: other, keys })
  const restored = await openSqliteStore({ dir: other, encryption })
  assert.equal(text(restored.get('secrets/a')), 'correct horse')
  await restored.close()
})
