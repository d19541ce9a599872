// The process of the test of refused writes. It runs with a limit on the size of files, so that the kernel refuses what
// is beyond: it writes until a write is rejected, lifts its own limit, writes once more, and prints what was kept.
//
//   prlimit --fsize=BYTES:unlimited node refused-child.ts DIR

import { execFileSync } from 'node:child_process'
import { assert } from '@brume/base/assert'
import { StoreError } from '../contract.ts'
import { putOf } from '../contract-suite/steps.ts'
import { openSqliteStore } from './open.ts'

const VALUE = 'x'.repeat(100_000)
const MAX_WRITES = 1_000

const [dir] = process.argv.slice(2)
assert(dir !== undefined, 'the directory is the first argument')
const store = await openSqliteStore({ dir })
const kept: string[] = []
let rejected: string | undefined
for (let n = 0; rejected === undefined && n < MAX_WRITES; n++) {
  try {
    kept.push((await store.commit(putOf(`pods/${n}`, VALUE))).key)
  } catch (error) {
    assert(error instanceof StoreError, `a store rejects with StoreError, not ${error}`)
    rejected = error.code
  }
}
execFileSync('prlimit', ['--pid', String(process.pid), '--fsize=unlimited'])
kept.push((await store.commit(putOf('pods/last', VALUE))).key)
await store.close()
process.stdout.write(JSON.stringify({ kept, rejected }))
