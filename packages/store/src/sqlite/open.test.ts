import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { contractSuite } from '../contract-suite.ts'
import { openSqliteStore } from './open.ts'

contractSuite('sqlite', async ({ clock }) => {
  const dir = await mkdtemp(join(tmpdir(), 'brume-store-'))
  const store = await openSqliteStore({ dir, clock })
  return { store, remove: () => rm(dir, { recursive: true }) }
})
