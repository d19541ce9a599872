// The power fails at any moment. The real store writes under a recorder of its file calls; then disks are made as a power
// loss would leave them anywhere on the way, and the real store opens each. BRUME_SOAK=1 makes some thousand disks.

import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { join, relative } from 'node:path'
import { before, test } from 'node:test'
import { seededRandom } from '@brume/base/seeded-random'
import type { Store } from '../contract.ts'
import { putOf, text } from '../contract-suite/steps.ts'
import type { CrashOptions, Said } from './crash-child.ts'
import { assertHolds, CrashLedger } from './crash-ledger.ts'
import { ensureFile, STORE_FILE } from './file.ts'
import { acquireLock } from './lock.ts'
import { openSqliteStore } from './open.ts'
import { openReadOnly } from './open-read-only.ts'
import { Disk, type DiskOptions } from './power-loss/disk.ts'
import { writeImage } from './power-loss/image.ts'
import { powerLosses } from './power-loss/moments.ts'
import { lineReader, memoryDirs, record, skip } from './power-loss/recording.ts'
import type { Step } from './power-loss/trace.ts'

const SEED = Number(process.env['BRUME_SEED'] ?? 4711)
const DISKS = process.env['BRUME_SOAK'] === '1' ? 10_000 : 300
/** One in so many is opened with all threads and written to; to read the others takes a hundredth of the time. */
const WRITTEN = 5
/** Of disks that forget one loss is enough. */
const FORGETFUL_DISKS = 40
/** Disks that are looked at at once: most of the time of each goes by in its threads. */
const PARALLEL = 4
const CHILD = join(import.meta.dirname, 'crash-child.ts')

const FOREVER = { historyMs: 1e9, historyEvents: Infinity, historyBytes: Infinity }
/** Of one store, one after the other: with checkpoints, compactions, clean ends, and kills that leave much under way. */
const LIVES: readonly (Pick<CrashOptions, 'end' | 'historyEvents'> & { syncDelayMs?: number })[] = [
  { end: { after: 450, how: 'kill' } },
  { end: { after: 15, how: 'kill' }, syncDelayMs: 20 },
  { end: { after: 15, how: 'close' } },
  { end: { after: 15, how: 'kill' }, syncDelayMs: 20 },
  { end: { after: 450, how: 'kill' }, historyEvents: 200 },
  { end: { after: 15, how: 'kill' }, syncDelayMs: 20 },
  { end: { after: 15, how: 'close' } },
]

const tempDir = memoryDirs()
const root = tempDir()
/** The store makes its folders itself. */
const dir = join(root, 'var/brume/store')
let steps: Step[]
/** Everything that was said, and of each start the step. */
const saidInAll: Said[] = []
const starts: number[] = []

before(() => {
  if (skip !== false) return
  const workDir = tempDir()
  const onWrite = lineReader((line) => saidInAll.push(JSON.parse(line) as Said))
  const disk = new Disk({ root, onWrite })
  steps = []
  for (const [index, { syncDelayMs, ...life }] of LIVES.entries()) {
    const options = { dir, seed: SEED + index, writers: 3, maxValueBytes: 1_500, restAfter: 110, ...life }
    const argv = [process.execPath, CHILD, JSON.stringify(options)]
    const ends = life.end?.how === 'kill' ? 'SIGKILL' : 0
    for (const step of record({ argv, root, workDir, ends, ...(syncDelayMs && { syncDelayMs }) })) {
      const before = saidInAll.length
      disk.apply(step)
      steps.push(step)
      if (saidInAll[before]?.said === 'start') starts.push(steps.length)
    }
    // The disk under the recording is the real one, or nothing that follows would mean anything.
    steps.push(...disk.settle())
  }
})

test(`a power loss at any moment loses, repeats and reorders nothing (${DISKS} disks, seed ${SEED})`, {
  skip,
}, async () => {
  assert.deepEqual(await losses({ disks: DISKS }), [])
})

const FORGETFUL = [
  { what: 'its write-ahead log', ignoresSync: (path: string) => path.endsWith('-wal') },
  { what: 'the database', ignoresSync: (path: string) => path.endsWith('.db') },
  { what: 'names', ignoresSync: (path: string) => path === dir },
  { what: 'the names of its folders', ignoresSync: (path: string) => path === root },
]
for (const { what, ignoresSync } of FORGETFUL) {
  test(`a disk that forgets ${what} is found to lose`, { skip }, async () => {
    assert.notDeepEqual(await losses({ disks: FORGETFUL_DISKS, ignoresSync }), [])
  })
}

/** The first failures among disks that lost their power at random moments. */
async function losses(options: Pick<DiskOptions, 'ignoresSync'> & { disks: number }): Promise<string[]> {
  const { disks, ...ofDisk } = options
  const random = seededRandom(SEED)
  const found: string[] = []
  const said: Said[] = []
  const onWrite = lineReader((line) => said.push(JSON.parse(line) as Said))
  const disk = new Disk({ root, onWrite, ...ofDisk })
  const moments = powerLosses({ steps, starts, count: disks, random })
  const running = new Set<Promise<void>>()
  for (const [index, step] of steps.entries()) {
    if (found.length > 0) break
    disk.apply(step)
    for (; moments[0] === index; moments.shift()) {
      const image = tempDir()
      writeImage(disk, image, random)
      const check = assertSurvives(join(image, relative(root, dir)), {
        heard: said.length,
        write: moments.length % WRITTEN === 0,
      })
        .catch((error: unknown) => void found.push(`after step ${index} (${describe(step)}): ${error}`))
        .then(() => rmSync(image, { recursive: true }))
        .finally(() => running.delete(check))
      running.add(check)
      if (running.size >= PARALLEL) await Promise.race(running)
    }
  }
  await Promise.all(running)
  return found
}

interface Survival {
  /** How much had been said when the power failed. */
  heard: number
  write: boolean
}

async function assertSurvives(dir: string, { heard, write }: Survival): Promise<void> {
  const ledger = new CrashLedger()
  for (const said of saidInAll.slice(0, heard)) ledger.hear(said)
  const { promised } = ledger
  const store = write ? await openSqliteStore({ dir, retention: FOREVER }) : readIn(dir)
  try {
    const { revision } = store
    const isEnd = revision <= promised || revision === nextCommit(heard)
    assert.ok(isEnd, `revision ${revision} is the end of no transaction`)
    await assertHolds(store, ledger)
    if (!write) return
    await store.commit(putOf('pods/next', 'x'))
  } finally {
    await store.close()
  }
  assert.equal(text(readIn(dir).get('pods/next')), 'x')
}

function readIn(dir: string): Store {
  acquireLock(join(dir, STORE_FILE)).release()
  ensureFile(join(dir, STORE_FILE))
  return openReadOnly(join(dir, STORE_FILE))
}

/** The revision after the transaction that was under way; there is one at a time. */
function nextCommit(heard: number): number | undefined {
  for (const said of saidInAll.slice(heard)) {
    if (said.said === 'start') return said.revision
    if (said.said === 'published') return said.revisions.at(-1)
  }
  return undefined
}

function describe(step: Step): string {
  return 'begin' in step ? `in ${step.begin.name} ${step.begin.path}` : `${step.end.name} ${step.end.path}`
}
