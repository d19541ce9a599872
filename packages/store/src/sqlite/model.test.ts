import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Encryption } from '../encryption/keys.ts'
import { modelSuite } from '../model-suite.ts'
import { openSqliteStore } from './open.ts'

const encryption: Encryption = {
  buckets: (bucket) => bucket === 'nodes',
  keys: [{ id: 'one', bytes: new Uint8Array(32).fill(7) }],
}

let dir: string
modelSuite('a store in SQLite', {
  seeds: [101, 102, 103],
  steps: 1_000,
  async open() {
    dir = await mkdtemp(join(tmpdir(), 'brume-store-'))
    return openSqliteStore({ dir, encryption })
  },
  async reopen(store) {
    await store.close()
    return openSqliteStore({ dir, encryption })
  },
  remove: () => rm(dir, { recursive: true }),
})
