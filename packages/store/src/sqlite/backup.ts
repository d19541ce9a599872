// Online backup: a copy of the database as one file, readable by `restoreBackup`.

import { existsSync, statSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import { StoreError } from '../contract.ts'
import { renameDurably, syncPath } from '../files.ts'
import type { BackupData, BackupResult } from './backup-worker.ts'
import { errorOfFailure } from './errors.ts'
import { createPrivateFile, removeDatabase } from './file.ts'

/**
 * Copies the database to `path` (0600, must not exist) while it is written to. The file appears under its name only
 * when it is complete, checked and flushed. Throws StoreError 'unavailable' or 'corrupt'.
 */
export async function backupTo(file: string, path: string): Promise<{ revision: number; bytes: number }> {
  if (existsSync(path)) throw new StoreError('unavailable', `cannot back up to ${path}: it exists already`)
  const target = `${path}.partial`
  try {
    removeDatabase(target)
    createPrivateFile(target)
    const result = await copyInThread({ file, target })
    if ('failure' in result) throw errorOfFailure(result.failure, 'backing up', file)
    syncPath(target)
    const bytes = statSync(target).size
    renameDurably(target, path)
    return { revision: result.revision, bytes }
  } catch (error) {
    removeDatabase(target)
    if (error instanceof StoreError) throw error
    throw new StoreError('unavailable', `cannot back up to ${path}`, { cause: error })
  }
}

function copyInThread(data: BackupData): Promise<BackupResult> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./backup-worker.ts', import.meta.url), { workerData: data })
    worker.once('message', resolve)
    worker.once('error', reject)
    // After the message, if there was one; a promise settles once.
    worker.once('exit', (code) => reject(new Error(`the backup thread exited with ${code}`)))
  })
}
