// `brume restore`: a backup in the place of the store.

import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { StoreError } from '@brume/store/contract'
import { readKeyFile } from '@brume/store/encryption/key-file'
import { STORE_FILE, stagedFile } from '@brume/store/sqlite/file'
import { lockStore } from '@brume/store/sqlite/open'
import { restoreBackup } from '@brume/store/sqlite/restore'
import { type DataDir, dataDirAt, ensureDataDir, keyFileNext } from './data-dir.ts'
import { type KeyOptions, restoreIdentity, restoreSecretKeys, savedKeys } from './restore-keys.ts'
import { UserError } from './user-error.ts'

/** Returns the exit code. Throws UserError when the backup cannot be used or the cloud still runs. */
export async function restore(file: string, dataDir: string, options: KeyOptions = {}): Promise<number> {
  const dir = dataDirAt(dataDir)
  if (!existsSync(file)) throw new UserError(`${file} does not exist`, './brume backup FILE   (makes one)')
  const saved = savedKeys(file, options)
  ensureDataDir(dir)
  const isNew = !existsSync(dir.encryptionKeys)
  try {
    // Whoever runs on the directory has the store locked: keys are not touched either.
    if (saved !== undefined) {
      lockStore(dir.store).release()
      restoreSecretKeys(dir, saved)
    }
    const keys = existsSync(dir.encryptionKeys) ? { keys: readKeyFile(dir.encryptionKeys) } : {}
    const { revision, aside } = restoreBackup({ backup: file, dir: dir.store, ...keys })
    process.stdout.write(`restored ${file}; revisions go on after ${revision}\n`)
    if (aside !== undefined) process.stdout.write(`the store that was there: ${aside}\n`)
    if (saved !== undefined) {
      const replaced = restoreIdentity(dir, saved, new Date())
      process.stdout.write('keys: the authority and the tokens of the backup are those of this cloud\n')
      if (replaced !== undefined) process.stdout.write(`the keys that were there: ${replaced}\n`)
    }
    process.stdout.write(`next: ./brume up --data-dir ${dataDir}\n`)
    return 0
  } catch (error) {
    // Keys that open nothing here: the next try would write new Secrets with them.
    const store = join(dir.store, STORE_FILE)
    if (isNew && !existsSync(store) && !existsSync(stagedFile(store)))
      rmSync(dir.encryptionKeys, { force: true })
    if (!(error instanceof StoreError)) throw error
    throw new UserError(error.message, nextOf(error, dir), { cause: error })
  }
}

function nextOf({ code }: StoreError, dir: DataDir): string {
  switch (code) {
    case 'locked':
      return `./brume down --data-dir ${dir.root}`
    case 'encryption-key':
      return keyFileNext(dir)
    case 'unavailable':
      return 'mend the cause (disk space, permissions), then run this again'
    default:
      return `try another backup: ./brume restore FILE --data-dir ${dir.root}`
  }
}
