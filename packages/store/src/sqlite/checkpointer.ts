// The checkpointer thread: moves committed pages from the write-ahead log into the database file, so that neither the
// main thread nor the writer waits for it. Sleeps while nothing is written, and ends when that goes on.

import { flushCompileCache } from 'node:module'
import { workerData } from 'node:worker_threads'
import { connect } from './connection.ts'
import { isBusy } from './errors.ts'
import { type CheckpointerData, COMMITS, STOP } from './signals.ts'

const INTERVAL_MS = 50

const { file, signals, idleMs } = workerData as CheckpointerData
const db = connect(file)
flushCompileCache()
// What was committed before it started is due at once.
let seen = -1
while (Atomics.load(signals, STOP) === 0) {
  if (Atomics.wait(signals, COMMITS, seen, idleMs) === 'timed-out') break
  seen = Atomics.load(signals, COMMITS)
  Atomics.wait(signals, STOP, 0, INTERVAL_MS)
  checkpoint()
}
db.close()

/** A failure costs nothing but the length of the write-ahead log; the writer reports a disk that fails. */
function checkpoint(): void {
  try {
    db.exec('PRAGMA wal_checkpoint(PASSIVE)')
  } catch (error) {
    if (!isBusy(error)) Atomics.wait(signals, STOP, 0, 20 * INTERVAL_MS)
  }
}
