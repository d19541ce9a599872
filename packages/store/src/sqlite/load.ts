// Reads the whole file into memory at start, values as bytes, and checks on the way that it is sound.

import type { DatabaseSync } from 'node:sqlite'
import type { Entry, Key, StoreEvent } from '../contract.ts'
import type { EncryptionKeys } from '../encryption/keys.ts'
import { MemoryState } from '../memory/state.ts'
import { corrupt } from './errors.ts'
import { checksumOf, type LogRow, PUT } from './row.ts'
import { unseal } from './values.ts'

/** What `columnsOf` takes, in its order. */
export const LOG_COLUMNS =
  'revision, kind, key, create_revision, previous_revision, expires_at, encryption_key, checksum, value'

export interface Loaded {
  state: MemoryState
  expiries: { key: Key; revision: number; expiresAt: number }[]
  /** Rows that a compaction has not removed yet. */
  forget: number[]
}

export interface LoadOptions {
  db: DatabaseSync
  file: string
  keys: EncryptionKeys | undefined
}

interface Loading extends LoadOptions {
  readonly compacted: number
  /** The newest put of each key so far. */
  readonly newest: Map<Key, { entry: Entry; expiresAt: number | null }>
  readonly events: StoreEvent[]
  readonly forget: number[]
  /** What was there when the history began. */
  base: Entry[] | undefined
}

export function load(options: LoadOptions): Loaded {
  const { db, file } = options
  assertStructure(db, file)
  const compacted = readCompacted(db, file)
  const loading: Loading = {
    ...options,
    compacted,
    newest: new Map(),
    events: [],
    forget: [],
    base: undefined,
  }
  for (const row of readLog(db, file)) take(loading, row)
  checkState(loading)

  const state = new MemoryState()
  state.load(loading.base ?? entriesOf(loading), compacted)
  state.apply(loading.events)
  const expiries = []
  for (const [key, { entry, expiresAt }] of loading.newest) {
    if (expiresAt !== null) expiries.push({ key, revision: entry.revision, expiresAt })
  }
  return { state, expiries, forget: loading.forget }
}

/** The newest revision in the log; 0: it is empty. */
export function newestRevision(db: DatabaseSync): number {
  return Number(db.prepare('SELECT COALESCE(MAX(revision), 0) AS newest FROM log').get()?.['newest'])
}

/** The revision before which there is no history. */
export function readCompacted(db: DatabaseSync, file: string): number {
  const value = db.prepare("SELECT value FROM meta WHERE name = 'compacted'").get()?.['value']
  if (typeof value !== 'number') throw corrupt(file, 'the compacted revision is missing')
  return value
}

function assertStructure(db: DatabaseSync, file: string): void {
  const found = db.prepare('PRAGMA quick_check(1)').get()?.['quick_check']
  if (found !== 'ok') throw corrupt(file, String(found))
}

/** Every row in revision order, each one checked. */
function* readLog(db: DatabaseSync, file: string): Generator<LogRow> {
  const statement = db.prepare(`SELECT ${LOG_COLUMNS} FROM log ORDER BY revision`)
  statement.setReturnArrays(true)
  for (const columns of statement.iterate() as Iterable<unknown>) yield columnsOf(columns, file)
}

/** A row as read by LOG_COLUMNS, checked. */
export function columnsOf(columns: unknown, file: string): LogRow {
  const [revision, kind, key, createRevision, previousRevision, expiresAt, encryptionKey, checksum, value] =
    columns as [number, number, string, number, number, number | null, string | null, number, Uint8Array]
  const row = { revision, kind, key, createRevision, previousRevision, expiresAt, encryptionKey, value }
  if (!(value instanceof Uint8Array) || checksumOf(row) !== checksum) {
    throw corrupt(file, `the checksum of revision ${revision} is wrong`)
  }
  return row
}

function take(loading: Loading, row: LogRow): void {
  const { newest, compacted, forget, file } = loading
  const { revision, key, createRevision } = row
  const before = newest.get(key)?.entry
  if (revision <= compacted) {
    if (before !== undefined) forget.push(before.revision)
    if (row.kind === PUT) newest.set(key, { entry: entryOf(loading, row), expiresAt: row.expiresAt })
    else {
      newest.delete(key)
      forget.push(revision)
    }
    return
  }
  loading.base ??= entriesOf(loading)
  if (row.previousRevision !== (before?.revision ?? 0)) {
    throw corrupt(file, `revision ${row.previousRevision}, which revision ${revision} follows, is missing`)
  }
  const entry = entryOf(loading, row)
  if (row.kind === PUT) {
    loading.events.push({ type: 'put', revision, entry, previous: before })
    newest.set(key, { entry, expiresAt: row.expiresAt })
    return
  }
  if (before === undefined || before.createRevision !== createRevision) {
    throw corrupt(file, `revision ${revision} deletes what did not exist`)
  }
  loading.events.push({ type: 'delete', revision, entry, previous: before })
  newest.delete(key)
}

function entriesOf({ newest }: Loading): Entry[] {
  return Array.from(newest.values(), ({ entry }) => entry)
}

function entryOf({ keys, file }: Loading, row: LogRow): Entry {
  const { key, revision, createRevision } = row
  return { key, revision, createRevision, value: unseal(row, keys, file), attachment: undefined }
}

/** The table of state must say the same as the log. */
function checkState({ db, file, newest }: Loading): void {
  let keys = 0
  const statement = db.prepare('SELECT key, revision FROM state')
  statement.setReturnArrays(true)
  for (const columns of statement.iterate() as Iterable<unknown>) {
    const [key, revision] = columns as [string, number]
    keys++
    if (newest.get(key)?.entry.revision !== revision) {
      throw corrupt(file, `${key} is at revision ${revision} in the state, but not in the log`)
    }
  }
  if (keys !== newest.size) throw corrupt(file, `the log has ${newest.size} keys, the state ${keys}`)
}
