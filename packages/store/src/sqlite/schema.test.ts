import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { tempDirs } from '../temp-dir.ts'
import { STORE_FILE } from './file.ts'
import { openSqliteStore } from './open.ts'
import { openReadOnly } from './open-read-only.ts'
import { MIGRATIONS, migrate } from './schema.ts'

const tempDir = tempDirs()

test('a file of a newer Brume is refused and left as it is', async () => {
  const dir = tempDir()
  await (await openSqliteStore({ dir })).close()
  const db = new DatabaseSync(join(dir, STORE_FILE))
  db.exec(`UPDATE schema_version SET version = ${MIGRATIONS.length + 1}`)
  await assert.rejects(openSqliteStore({ dir }), { code: 'schema-version', message: /newer Brume/ })
  assert.throws(() => openReadOnly(join(dir, STORE_FILE)), { code: 'schema-version' })
  assert.deepEqual(
    { ...db.prepare('SELECT version FROM schema_version').get() },
    { version: MIGRATIONS.length + 1 },
  )
  db.close()
})

test('an older file sees exactly the migrations that it has not seen', () => {
  const db = new DatabaseSync(':memory:')
  migrate(db, 'x', ['CREATE TABLE one (a INTEGER)'])
  migrate(db, 'x', ['never run', 'CREATE TABLE two (a INTEGER)', 'INSERT INTO two VALUES (2)'])
  migrate(db, 'x', ['never run', 'never run', 'never run'])
  assert.deepEqual(
    { ...db.prepare('SELECT a, version FROM two, schema_version').get() },
    { a: 2, version: 3 },
  )
})

test('a migration that fails leaves the file at its old version', () => {
  const db = new DatabaseSync(':memory:')
  migrate(db, 'x', ['CREATE TABLE one (a INTEGER)'])
  assert.throws(() => migrate(db, 'x', ['never run', 'CREATE TABLE two (a INTEGER)', 'not SQL']))
  assert.deepEqual({ ...db.prepare('SELECT version FROM schema_version').get() }, { version: 1 })
  assert.throws(() => db.prepare('SELECT * FROM two'))
})

test("another program's database is refused and left as it is", async () => {
  const dir = tempDir()
  const db = new DatabaseSync(join(dir, STORE_FILE))
  db.exec('CREATE TABLE songs (title TEXT)')
  await assert.rejects(openSqliteStore({ dir }), { code: 'corrupt', message: /not one of Brume/ })
  assert.equal(db.prepare('SELECT COUNT(*) AS n FROM sqlite_schema').get()?.['n'], 1)
  db.close()
})
