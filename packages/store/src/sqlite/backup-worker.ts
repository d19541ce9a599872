// One backup, in a thread of its own: a consistent copy made while others write, checked before it is reported.

import { parentPort, workerData } from 'node:worker_threads'
import { assert } from '@brume/base/assert'
import { connect } from './connection.ts'
import { failureOf, type SqliteFailure } from './errors.ts'
import { newestRevision, readCompacted } from './load.ts'
import { assertSound } from './schema.ts'

export interface BackupData {
  file: string
  /** An empty file, to be filled. */
  target: string
}

export type BackupResult = { revision: number } | { failure: SqliteFailure }

assert(parentPort !== null, 'backup-worker.ts runs in a worker thread')
const data = workerData as BackupData
parentPort.postMessage(backup(data))

function backup({ file, target }: BackupData): BackupResult {
  try {
    const source = connect(file, { readOnly: true })
    try {
      source.prepare('VACUUM INTO ?').run(target)
    } finally {
      source.close()
    }
    const copy = connect(target, { readOnly: true })
    try {
      assertSound(copy, target)
      return { revision: Math.max(newestRevision(copy), readCompacted(copy, target)) }
    } finally {
      copy.close()
    }
  } catch (error) {
    return { failure: failureOf(error) }
  }
}
