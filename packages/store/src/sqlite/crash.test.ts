// kill -9 at random moments, again and again on one directory. BRUME_SOAK=1 does it some hundred times.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { type SeededRandom, seededRandom } from '@brume/base/seeded-random'
import type { CrashOptions, Said } from './crash-child.ts'
import { assertHolds, CrashLedger } from './crash-ledger.ts'
import { openSqliteStore } from './open.ts'

const KILLS = process.env['BRUME_SOAK'] === '1' ? 150 : 7
/** A child is killed after at most this many acknowledgements. */
const MAX_ACKNOWLEDGED = 400
const CHILD = join(import.meta.dirname, 'crash-child.ts')

const CASES = [
  { name: 'on a healthy disk', commitDelayMs: 0, fullDisks: false },
  { name: 'on a disk with a slow fsync', commitDelayMs: 15, fullDisks: false },
  { name: 'on a disk that is full now and then', commitDelayMs: 0, fullDisks: true },
]

for (const [index, { name, commitDelayMs, fullDisks }] of CASES.entries()) {
  const seed = Number(process.env['BRUME_SEED'] ?? 1_000 * (index + 1))
  test(`never loses, repeats or reorders what it acknowledged, killed ${KILLS} times ${name} (seed ${seed})`, async () => {
    const dir = await mkdtemp(join(tmpdir(), 'brume-crash-'))
    const random = seededRandom(seed)
    const ledger = new CrashLedger()
    try {
      for (let kill = 0; kill < KILLS; kill++) {
        const options = {
          dir,
          seed: seed + kill,
          commitDelayMs,
          fullDisks,
          writers: 24,
          maxValueBytes: 6_000,
        }
        await runAndKill({ options, random, ledger })
        // Not each time, so that a process also finds the write-ahead log as the kill left it.
        if (random.chance(0.5) || kill === KILLS - 1) await compare(dir, ledger)
      }
      assert.ok(ledger.acknowledged > KILLS, 'the children did write')
      assert.equal(ledger.rejected > 0, fullDisks, 'only a full disk rejects')
    } finally {
      await rm(dir, { recursive: true })
    }
  })
}

async function runAndKill(run: {
  options: CrashOptions
  random: SeededRandom
  ledger: CrashLedger
}): Promise<void> {
  const { options, random, ledger } = run
  const child = spawn(process.execPath, [CHILD, JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = new Promise<NodeJS.Signals | null>((resolve) => {
    child.once('exit', (_code, signal) => resolve(signal))
  })
  let remaining = random.below(MAX_ACKNOWLEDGED)
  for await (const line of createInterface({ input: child.stdout })) {
    // The last line may have been cut short by the kill; then nothing depends on it.
    const said = parse(line)
    if (said === undefined) continue
    ledger.hear(said)
    if (said.said !== 'acknowledged') continue
    if (remaining-- === 0) child.kill('SIGKILL')
  }
  assert.equal(await exited, 'SIGKILL', 'the child lives until it is killed')
}

async function compare(dir: string, ledger: CrashLedger): Promise<void> {
  const retention = { historyMs: 1e9, historyEvents: Infinity, historyBytes: Infinity }
  const store = await openSqliteStore({ dir, retention })
  try {
    await assertHolds(store, ledger)
  } finally {
    await store.close()
  }
}

function parse(line: string): Said | undefined {
  try {
    return JSON.parse(line) as Said
  } catch {
    return undefined
  }
}
