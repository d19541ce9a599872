// SQLite's result codes as the store's errors.

import { StoreError } from '../contract.ts'

/** Primary result codes, https://sqlite.org/rescode.html */
const SQLITE_BUSY = 5
const SQLITE_CORRUPT = 11
const SQLITE_NOTADB = 26

/** What crosses a thread boundary of an error. */
export interface SqliteFailure {
  readonly message: string
  /** Extended result code; 0: the error did not come from SQLite. */
  readonly code: number
}

export function failureOf(error: unknown): SqliteFailure {
  const message = error instanceof Error ? error.message : String(error)
  const code = error instanceof Error && 'errcode' in error ? Number(error.errcode) : 0
  return { message, code }
}

export function isBusy(error: unknown): boolean {
  return (failureOf(error).code & 0xff) === SQLITE_BUSY
}

/** `doing`: the operation, as in "writing". */
export function storeErrorOf(error: unknown, doing: string, file: string): StoreError {
  if (error instanceof StoreError) return error
  return errorOfFailure(failureOf(error), doing, file)
}

export function errorOfFailure({ code, message }: SqliteFailure, doing: string, file: string): StoreError {
  const primary = code & 0xff
  const damaged = primary === SQLITE_CORRUPT || primary === SQLITE_NOTADB
  if (damaged) return corrupt(file, `${doing} failed: ${message}`)
  const origin = code === 0 ? '' : ` (SQLite result ${code})`
  return new StoreError('unavailable', `${doing} ${file} failed: ${message}${origin}`)
}

export function corrupt(file: string, why: string): StoreError {
  const message = `${file} is damaged (${why}). Put a backup in its place: ./brume restore BACKUP`
  return new StoreError('corrupt', message)
}
