// kill -9 at random moments, again and again on one directory. BRUME_SOAK=1 does it some hundred times.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { type SeededRandom, seededRandom } from '@brume/base/seeded-random'
import type { StoreEvent } from '../contract.ts'
import type { Fact, Said } from './crash-child.ts'
import { openSqliteStore } from './open.ts'

const KILLS = process.env['BRUME_SOAK'] === '1' ? 150 : 7
/** A child is killed after at most this many acknowledgements. */
const MAX_ACKNOWLEDGED = 400
const CHILD = join(import.meta.dirname, 'crash-child.ts')
const VALUE_HEAD = 40

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
    const ledger = new Ledger()
    try {
      for (let kill = 0; kill < KILLS; kill++) {
        const args = [dir, String(seed + kill), String(commitDelayMs), String(fullDisks)]
        await runAndKill({ args, random, ledger })
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

/** What the store must contain. */
class Ledger {
  /** What was sent and not rejected, by revision, in this order. */
  readonly facts = new Map<number, Fact>()
  acknowledged = 0
  rejected = 0
  #newest = 1
  /** Everything up to this revision was acknowledged to a writer or shown to a watcher. */
  #promised = 1

  hear(said: Said): void {
    if (said.said === 'start') this.#restart(said.revision)
    else if (said.said === 'sent') {
      const { revision } = said.fact
      assert.ok(revision > this.#newest, 'revisions increase')
      this.#newest = revision
      this.facts.set(revision, said.fact)
    } else if (said.said === 'rejected') {
      assert.ok(said.revision > this.#promised, 'what was rejected was not published')
      this.facts.delete(said.revision)
      this.rejected++
    } else {
      assert.ok(this.facts.has(said.revision), 'only what was sent is published')
      this.#promised = Math.max(this.#promised, said.revision)
      this.acknowledged++
    }
  }

  /** A new process, or the check, found the store at this revision: the rest of what was sent is gone for good. */
  #restart(revision: number): void {
    const lost = `revision ${this.#promised} was acknowledged, but only ${revision} is there`
    assert.ok(revision >= this.#promised, lost)
    for (const sent of [...this.facts.keys()]) if (sent > revision) this.facts.delete(sent)
    this.#newest = revision
  }
}

async function runAndKill(options: { args: string[]; random: SeededRandom; ledger: Ledger }): Promise<void> {
  const { args, random, ledger } = options
  const child = spawn(process.execPath, [CHILD, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
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

async function compare(dir: string, ledger: Ledger): Promise<void> {
  const retention = { historyMs: 1e9, historyEvents: Infinity, historyBytes: Infinity }
  const store = await openSqliteStore({ dir, retention })
  try {
    ledger.hear({ said: 'start', revision: store.revision })
    const found: Fact[] = []
    const onEvents = (events: readonly StoreEvent[]) => found.push(...events.map(factOf))
    store.watch({ prefix: 'pods', after: 1, onEvents })
    await Promise.resolve()
    assert.deepEqual(found, [...ledger.facts.values()])
    const now = new Map<string, number>()
    for (const { type, key, revision } of ledger.facts.values()) {
      if (type === 'put') now.set(key, revision)
      else now.delete(key)
    }
    const listed = store.list({ prefix: 'pods' }).entries.map((entry) => [entry.key, entry.revision] as const)
    assert.deepEqual(new Map(listed), now)
  } finally {
    await store.close()
  }
}

function factOf({ type, revision, entry: { key, value } }: StoreEvent): Fact {
  return { type, key, revision, value: value.toString().slice(0, VALUE_HEAD) }
}

function parse(line: string): Said | undefined {
  try {
    return JSON.parse(line) as Said
  } catch {
    return undefined
  }
}
