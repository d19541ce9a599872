// The tables, and how older files become current ones. The dialect is narrow on purpose: PostgreSQL is to have the
// same tables.
//
// Values are stored once, in the log. `state` names the newest revision of every key that exists; a row of `log` goes
// when nothing needs it: a newer one replaced it (or it is a deletion) and the history up to there was compacted.
// `meta` has one number a name: `compacted`, the revision before which there is no history.

import type { DatabaseSync } from 'node:sqlite'
import { StoreError } from '../contract.ts'
import { FIRST_REVISION } from '../memory/state.ts'
import { corrupt } from './errors.ts'

/** The version of a file is the number of migrations it has seen. Never edit one that was released: append. */
export const MIGRATIONS: readonly string[] = [
  `CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
   CREATE TABLE state (key TEXT PRIMARY KEY, revision INTEGER NOT NULL) WITHOUT ROWID;
   CREATE TABLE log (
     revision INTEGER PRIMARY KEY,
     kind INTEGER NOT NULL,              -- 0 put, 1 delete
     key TEXT NOT NULL,
     create_revision INTEGER NOT NULL,
     previous_revision INTEGER NOT NULL, -- 0: the key did not exist
     expires_at INTEGER,                 -- epoch milliseconds
     encryption_key TEXT,                -- the id of the key, when the value is encrypted
     checksum INTEGER NOT NULL,          -- CRC-32 of all the other columns
     value BLOB NOT NULL
   );
   INSERT INTO meta (name, value) VALUES ('compacted', ${FIRST_REVISION});`,
]

/** Brings the file to the current version in one transaction; refuses newer files and files of others. */
export function migrate(db: DatabaseSync, file: string, migrations: readonly string[] = MIGRATIONS): void {
  db.exec('BEGIN IMMEDIATE')
  try {
    const found = readVersion(db, file)
    if (found > migrations.length) throw tooNew(file, found, migrations.length)
    for (const migration of migrations.slice(found)) db.exec(migration)
    if (found < migrations.length) {
      db.exec('DELETE FROM schema_version')
      db.prepare('INSERT INTO schema_version (version) VALUES (?)').run(migrations.length)
    }
    db.exec('COMMIT')
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK')
    throw error
  }
}

/** Throws 'schema-version' when the file is not of exactly the current version. */
export function assertCurrent(db: DatabaseSync, file: string): void {
  const found = tableExists(db, 'schema_version') ? versionIn(db, file) : 0
  if (found > MIGRATIONS.length) throw tooNew(file, found, MIGRATIONS.length)
  if (found < MIGRATIONS.length) {
    const why = `${file} has schema version ${found}, ${MIGRATIONS.length} is needed; open it for writing once`
    throw new StoreError('schema-version', why)
  }
}

/** Every check that SQLite has, and that it is a store of this Brume or an older one. */
export function assertSound(db: DatabaseSync, file: string): void {
  const found = db.prepare('PRAGMA integrity_check(1)').get()?.['integrity_check']
  if (found !== 'ok') throw corrupt(file, String(found))
  if (!tableExists(db, 'schema_version')) throw corrupt(file, 'it is not a store of Brume')
  const version = versionIn(db, file)
  if (version > MIGRATIONS.length) throw tooNew(file, version, MIGRATIONS.length)
}

function readVersion(db: DatabaseSync, file: string): number {
  if (tableExists(db, 'schema_version')) return versionIn(db, file)
  const tables = db.prepare('SELECT COUNT(*) AS count FROM sqlite_schema').get()
  if (tables?.['count'] !== 0) throw corrupt(file, 'it is an SQLite database, but not one of Brume')
  db.exec('CREATE TABLE schema_version (version INTEGER NOT NULL)')
  return 0
}

function versionIn(db: DatabaseSync, file: string): number {
  const version = db.prepare('SELECT version FROM schema_version').get()?.['version']
  if (typeof version !== 'number') throw corrupt(file, 'its schema version is missing')
  return version
}

function tableExists(db: DatabaseSync, name: string): boolean {
  return db.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?").get(name) !== undefined
}

function tooNew(file: string, found: number, known: number): StoreError {
  const why = `${file} has schema version ${found}, this Brume knows ${known}: run the newer Brume that wrote it`
  return new StoreError('schema-version', why)
}
