// Reads the whole file into memory at start, values as bytes, and checks on the way that it is sound.

import type { DatabaseSync } from 'node:sqlite'
import type { Entry, Key, StoreEvent } from '../contract.ts'
import { MemoryState } from '../memory/state.ts'
import { corrupt } from './errors.ts'
import { checksumOf, type LogRow, PUT } from './row.ts'

export interface Loaded {
  state: MemoryState
  expiries: { key: Key; revision: number; expiresAt: number }[]
  /** Rows that a compaction has not removed yet. */
  forget: number[]
}

export interface LoadOptions {
  db: DatabaseSync
  file: string
  /** The plain value of a row whose value is encrypted. Throws when it cannot be had. */
  decrypt(row: LogRow): Buffer
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
  const structure = db.prepare('PRAGMA quick_check(1)').get()?.['quick_check']
  if (structure !== 'ok') throw corrupt(file, String(structure))
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

function readCompacted(db: DatabaseSync, file: string): number {
  const value = db.prepare("SELECT value FROM meta WHERE name = 'compacted'").get()?.['value']
  if (typeof value !== 'number') throw corrupt(file, 'the compacted revision is missing')
  return value
}

/** Every row in revision order, each one checked. */
export function* readLog(db: DatabaseSync, file: string): Generator<LogRow> {
  const columns =
    'revision, kind, key, create_revision, previous_revision, expires_at, encryption_key, checksum, value'
  const statement = db.prepare(`SELECT ${columns} FROM log ORDER BY revision`)
  statement.setReturnArrays(true)
  for (const columns of statement.iterate() as Iterable<unknown>) {
    const [revision, kind, key, createRevision, previousRevision, expiresAt, encryptionKey, checksum, value] =
      columns as [number, number, string, number, number, number | null, string | null, number, Uint8Array]
    const row = { revision, kind, key, createRevision, previousRevision, expiresAt, encryptionKey, value }
    if (!(value instanceof Uint8Array) || checksumOf(row) !== checksum) {
      throw corrupt(file, `the checksum of revision ${revision} is wrong`)
    }
    yield row
  }
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

function entryOf({ decrypt }: Loading, row: LogRow): Entry {
  const { key, revision, createRevision, value } = row
  // node:sqlite gives each value memory of its own, so this is exact-size without a copy.
  const plain =
    row.encryptionKey === null ? Buffer.from(value.buffer, value.byteOffset, value.byteLength) : decrypt(row)
  return { key, revision, createRevision, value: plain, attachment: undefined }
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
