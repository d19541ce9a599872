// The checkpointer thread: moves committed pages from the write-ahead log into the database file, so that neither the
// main thread nor the writer waits for it. Sleeps while nothing is written.

import { workerData } from 'node:worker_threads'
import { connect } from './connection.ts'
import { isBusy } from './errors.ts'
import { type CheckpointerData, COMMITS, STOP } from './signals.ts'

const INTERVAL_MS = 50

const { file, signals } = workerData as CheckpointerData
const db = connect(file)
let seen = 0
while (Atomics.load(signals, STOP) === 0) {
  Atomics.wait(signals, COMMITS, seen)
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
