// The writer thread: the only one that changes the database. One message is one transaction.

import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'
import { assert } from '@brume/base/assert'
import { connect } from './connection.ts'
import { failureOf } from './errors.ts'
import { newestRevision } from './load.ts'
import { type FromWriter, type PackedBatch, type ToWriter, unpack } from './protocol.ts'
import { checksumOf, type LogRow, PUT } from './row.ts'

/** The checkpointer normally keeps the write-ahead log short; this is the cap for when it cannot keep up (pages). */
const AUTOCHECKPOINT_PAGES = 16_000

export interface WriterData {
  file: string
}

interface Statements {
  insertLog: StatementSync
  upsertState: StatementSync
  deleteState: StatementSync
  forget: StatementSync
  setCompacted: StatementSync
}

assert(parentPort !== null, 'writer.ts runs in a worker thread')
const port = parentPort
const { file } = workerData as WriterData
const db = connect(file)
db.exec(`PRAGMA wal_autocheckpoint = ${AUTOCHECKPOINT_PAGES}`)
const statements = prepare(db)
port.on('message', receive)
tell({ kind: 'ready', revision: newestRevision(db) })

function receive(message: ToWriter): void {
  if (message.kind === 'close') {
    db.close()
    tell({ kind: 'closed' })
    port.close()
    return
  }
  try {
    write(message)
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK')
    tell({ kind: 'failed', failure: failureOf(error) })
    return
  }
  tell({ kind: 'written' })
}

function tell(message: FromWriter): void {
  port.postMessage(message)
}

function write(batch: PackedBatch): void {
  db.exec('BEGIN IMMEDIATE')
  for (const { row } of unpack(batch)) writeRow(row)
  if (batch.forget.length > 0) {
    for (const revision of batch.forget) statements.forget.run(revision)
    statements.setCompacted.run(batch.compactedRevision)
  }
  db.exec('COMMIT')
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
