// The writer thread: the only one that changes the database. One message is one transaction.

import { flushCompileCache } from 'node:module'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'
import { assert } from '@brume/base/assert'
import type { EncryptionKeys } from '../encryption/keys.ts'
import { connect, syncLog } from './connection.ts'
import { failureOf } from './errors.ts'
import { COMMIT_DELAY_MS, DIE, type Faults, MAX_PAGES } from './faults.ts'
import { newestRevision } from './load.ts'
import { type FromWriter, type PackedBatch, type ToWriter, unpackForgotten, unpackRows } from './protocol.ts'
import { type ReencryptStep, reencryptStep } from './reencrypt.ts'
import { checksumOf, type LogRow, PUT } from './row.ts'
import { seal } from './values.ts'

/** The checkpointer normally keeps the write-ahead log short; this is the cap for when it cannot keep up (pages). */
const AUTOCHECKPOINT_PAGES = 16_000

/** SQLite's own limit. */
const UNLIMITED_PAGES = 0xfffffffe

export interface WriterData {
  file: string
  /** Absent: nothing is encrypted. */
  keys: EncryptionKeys | undefined
  faults: Faults
}

interface Statements {
  begin: StatementSync
  commit: StatementSync
  insertLog: StatementSync
  upsertState: StatementSync
  deleteState: StatementSync
  forget: StatementSync
  setCompacted: StatementSync
}

assert(parentPort !== null, 'writer.ts runs in a worker thread')
const port = parentPort
const { file, keys: givenKeys, faults } = workerData as WriterData
let keys = givenKeys
let maxPages = 0
const db = connect(file)
db.exec(`PRAGMA wal_autocheckpoint = ${AUTOCHECKPOINT_PAGES}`)
const statements = prepare(db)
port.on('message', receive)
syncLog(file)
tell({ kind: 'ready', revision: newestRevision(db) })
// So that the next start is quick even if this process is killed.
setImmediate(flushCompileCache)

function receive(message: ToWriter): void {
  if (message.kind === 'close') {
    db.close()
    tell({ kind: 'closed' })
    port.close()
    return
  }
  try {
    tell(message.kind === 'write' ? write(message) : reencrypt(message))
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK')
    tell({ kind: 'failed', failure: failureOf(error) })
  }
}

function tell(message: FromWriter): void {
  port.postMessage(message)
}

function write(batch: PackedBatch): FromWriter {
  applyMaxPages()
  statements.begin.run()
  unpackRows(batch, (row, encrypt) => writeRow(encrypt ? seal(row, requireKeys()) : row))
  if (batch.forget > 0) {
    for (const revision of unpackForgotten(batch)) statements.forget.run(revision)
    statements.setCompacted.run(batch.compactedRevision)
  }
  commit()
  return { kind: 'written' }
}

function reencrypt(step: ReencryptStep): FromWriter {
  keys = step.keys
  statements.begin.run()
  const progress = reencryptStep(db, file, step)
  commit()
  return { kind: 'reencrypted', ...progress }
}

function commit(): void {
  const delayMs = Atomics.load(faults, COMMIT_DELAY_MS)
  if (delayMs > 0) Atomics.wait(faults, COMMIT_DELAY_MS, delayMs, delayMs)
  if (Atomics.compareExchange(faults, DIE, 1, 0) === 1) process.exit(1)
  statements.commit.run()
  if (Atomics.compareExchange(faults, DIE, 2, 0) === 2) process.exit(1)
}

function applyMaxPages(): void {
  const wanted = Atomics.load(faults, MAX_PAGES)
  if (wanted === maxPages) return
  db.exec(`PRAGMA max_page_count = ${wanted === 0 ? UNLIMITED_PAGES : wanted}`)
  maxPages = wanted
}

function requireKeys(): EncryptionKeys {
  assert(keys !== undefined, 'values are encrypted only when there are keys')
  return keys
}

function writeRow(row: LogRow): void {
  const { revision, kind, key, createRevision, previousRevision, expiresAt, encryptionKey, value } = row
  const { insertLog, upsertState, deleteState } = statements
  const checksum = checksumOf(row)
  insertLog.run(
    revision,
    kind,
    key,
    createRevision,
    previousRevision,
    expiresAt,
    encryptionKey,
    checksum,
    value,
  )
  if (kind === PUT) upsertState.run(key, revision)
  else deleteState.run(key)
}

function prepare(db: DatabaseSync): Statements {
  return {
    begin: db.prepare('BEGIN IMMEDIATE'),
    commit: db.prepare('COMMIT'),
    insertLog: db.prepare(
      `INSERT INTO log (revision, kind, key, create_revision, previous_revision, expires_at, encryption_key,
         checksum, value) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    upsertState: db.prepare(
      `INSERT INTO state (key, revision) VALUES (?, ?)
         ON CONFLICT (key) DO UPDATE SET revision = excluded.revision`,
    ),
    deleteState: db.prepare('DELETE FROM state WHERE key = ?'),
    forget: db.prepare('DELETE FROM log WHERE revision = ?'),
    setCompacted: db.prepare("UPDATE meta SET value = ? WHERE name = 'compacted'"),
  }
}
