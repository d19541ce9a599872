// GET /backup: a consistent copy of the store, streamed while it serves. Whoever may read it may read every Secret's
// ciphertext; RBAC guards the path (nonResourceURLs), so that only administrators get it by default.

import { createReadStream } from 'node:fs'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { PathHandler } from '@brume/apiserver/http/types'
import { StatusError } from '@brume/base/errors'
import type { Logger } from '@brume/base/log'
import type { Store } from '@brume/store/contract'

/** One at a time: each needs the disk space of the whole store. */
export function backupHandler(options: { store: Store; dir: string; logger: Logger }): PathHandler {
  let running = false
  return async (request) => {
    if (request.method !== 'GET') throw new StatusError('MethodNotAllowed', 'a backup is read with GET')
    if (running)
      throw new StatusError('TooManyRequests', 'another backup is running', { retryAfterSeconds: 5 })
    running = true
    const folder = await mkdtemp(join(options.dir, 'backup-')).catch((error) => {
      running = false
      throw error
    })
    const finish = () => {
      running = false
      rm(folder, { recursive: true, force: true }).catch((error) =>
        options.logger.warn('the copy of a backup was left behind', { folder, error }),
      )
    }
    try {
      const file = join(folder, 'store.db')
      const { revision } = await options.store.backup(file)
      const { size } = await stat(file)
      return {
        status: 200,
        headers: {
          'content-type': 'application/octet-stream',
          'content-length': String(size),
          'x-brume-revision': String(revision),
        },
        body: {
          start(sink) {
            const stream = createReadStream(file, { highWaterMark: 256 * 1024 })
            stream.on('data', (chunk) => {
              if (sink.write(chunk)) return
              stream.pause()
              sink.onDrain(() => stream.resume())
            })
            stream.on('end', () => sink.end())
            stream.on('error', () => sink.abort())
            stream.on('close', finish)
            sink.onClose(() => stream.destroy())
          },
        },
      }
    } catch (error) {
      finish()
      throw error
    }
  }
}
