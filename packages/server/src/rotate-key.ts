// POST /encryption/rotate: a new key for Secrets at rest, and every Secret rewritten with it while the cloud serves. RBAC
// guards the path (nonResourceURLs). Cut off at any moment, all keys that a value may have are in the file, and the next
// start goes on.

import type { ApiRequest, PathHandler } from '@brume/apiserver/http/types'
import { isTrue } from '@brume/apiserver/request/info'
import { StatusError } from '@brume/base/errors'
import type { Logger } from '@brume/base/log'
import { StoreError } from '@brume/store/contract'
import { dropOldKeys, isFull, readKeyFile, rotateKey } from '@brume/store/encryption/key-file'
import type { SqliteStore } from '@brume/store/sqlite/open'

export const ROTATE_PATH = '/encryption/rotate'

export interface RotateOptions {
  store: Pick<SqliteStore, 'reencrypt'>
  /** The key file. */
  file: string
  logger: Logger
}

/**
 * Answers with the id of the new key and how many values were rewritten, history included. `?dropOldKeys=true`: the old
 * ones leave the file once nothing needs them; backups without keys of their own do.
 */
export function rotateHandler(options: RotateOptions): PathHandler {
  let running = false
  return async (request) => {
    if (request.method !== 'POST') throw new StatusError('MethodNotAllowed', 'a key is rotated with POST')
    if (running)
      throw new StatusError('TooManyRequests', 'another rotation is running', { retryAfterSeconds: 5 })
    running = true
    try {
      const body = `${JSON.stringify(await rotate(options, request))}\n`
      return { status: 200, headers: { 'content-type': 'application/json' }, body }
    } catch (error) {
      if (error instanceof StoreError && error.code === 'encryption-key')
        throw new StatusError('InternalError', error.message, undefined, { cause: error })
      throw error
    } finally {
      running = false
    }
  }
}

async function rotate({ store, file, logger }: RotateOptions, { query }: ApiRequest) {
  const drops = isTrue(query.get('dropOldKeys'))
  if (drops) await makeRoom(store, file)
  // On the disk before anything is written with it.
  const keys = rotateKey(file)
  const { rewritten } = await store.reencrypt(keys)
  const left = drops ? dropOldKeys(file) : keys
  const [{ id: key }] = keys
  logger.info('Secrets have a new key', { key, rewritten, keys: left.length })
  return { key, rewritten, keys: left.length }
}

/** A full file has no room for the new key until the old ones are gone, which nothing may need by then. */
async function makeRoom(store: RotateOptions['store'], file: string): Promise<void> {
  const keys = readKeyFile(file)
  if (!isFull(keys)) return
  await store.reencrypt(keys)
  dropOldKeys(file)
}

/** What a rotation that was cut off has left behind. Costs a look at the log where there is more than one key. */
export async function finishRotation({ store, file, logger }: RotateOptions): Promise<void> {
  try {
    const keys = readKeyFile(file)
    if (keys.length === 1) return
    const { rewritten } = await store.reencrypt(keys)
    if (rewritten > 0) logger.info('a rotation of the key was finished', { key: keys[0].id, rewritten })
  } catch (error) {
    if (error instanceof StoreError && error.code === 'closed') return
    logger.warn('values under an old key could not be rewritten', { error: String(error) })
  }
}
