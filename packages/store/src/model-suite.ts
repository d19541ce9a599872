// Seeded random operations against a store and a trivial model of it: a list of events. A failing seed is in the
// title of the test; run it alone with --test-name-pattern.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type SeededRandom, seededRandom } from '@brume/base/seeded-random'
import type { Expectation, Store, StoreEvent } from './contract.ts'

export interface ModelOptions {
  seeds: readonly number[]
  steps: number
  /** A new empty store. */
  open(seed: number): Promise<Store>
  /** Closes it and opens it again with its content; absent: it has no durability. */
  reopen?(store: Store): Promise<Store>
  remove?(): Promise<void>
}

const BUCKETS = ['pods', 'nodes', 'podsx']
const NAMES = ['a/1', 'a/2', 'a-b/1', 'b/1', 'b/2', 'c']
const PREFIXES = [...BUCKETS, 'pods/a/', 'pods/b', 'nodes/a']

export function modelSuite(name: string, { seeds, steps, open, reopen, remove }: ModelOptions): void {
  for (const seed of seeds) {
    test(`${name} does what its model does: seed ${seed}`, async () => {
      const run = new Run(await open(seed), seededRandom(seed))
      try {
        for (let step = 0; step < steps; step++) {
          await run.step()
          if (reopen !== undefined && run.random.chance(0.01)) await run.reopen(reopen)
        }
        await run.settle()
        run.check()
      } finally {
        await run.store.close()
        await remove?.()
      }
    })
  }
}

/** What the model knows of an event. */
interface Fact {
  type: 'put' | 'delete'
  key: string
  revision: number
  createRevision: number
  value: string
  previousRevision: number | undefined
}

interface Watcher {
  prefix: string
  after: number
  seen: Fact[]
  closed: boolean
  close(): void
}

class Run {
  store: Store
  readonly random: SeededRandom
  /** In call order, which is commit order. */
  #facts: Fact[] = []
  readonly #now = new Map<string, Fact>()
  #watchers: Watcher[] = []
  #outcomes: Promise<void>[] = []

  constructor(store: Store, random: SeededRandom) {
    this.store = store
    this.random = random
  }

  async step(): Promise<void> {
    const { random } = this
    const dice = random.below(100)
    if (dice < 70) this.#write()
    else if (dice < 80) await this.settle()
    else if (dice < 86) this.#checkList()
    else if (dice < 95) this.#watch()
    else if (dice < 97) random.pick(this.#watchers)?.close()
    else await this.#compact()
  }

  async settle(): Promise<void> {
    await Promise.all(this.#outcomes)
    this.#outcomes = []
    assert.equal(this.store.revision, this.#facts.at(-1)?.revision ?? 1)
  }

  /** Watchers go on where they were, as clients do after a restart. */
  async reopen(reopen: (store: Store) => Promise<Store>): Promise<void> {
    await this.settle()
    this.check()
    this.store = await reopen(this.store)
    const resumed = this.#watchers.filter((watcher) => !watcher.closed)
    const lost = resumed.filter((watcher) => positionOf(watcher) < this.store.compactedRevision)
    this.#watchers = resumed.filter((watcher) => !lost.includes(watcher))
    for (const watcher of this.#watchers) this.#start(watcher, positionOf(watcher))
    this.#checkList()
  }

  check(): void {
    for (const { prefix, after, seen, closed } of this.#watchers) {
      const expected = this.#facts.filter(({ key, revision }) => revision > after && matches(prefix, key))
      assert.deepEqual(
        seen,
        closed ? expected.slice(0, seen.length) : expected,
        `watch of ${prefix} after ${after}`,
      )
    }
    for (const key of BUCKETS.flatMap((bucket) => NAMES.map((name) => `${bucket}/${name}`))) {
      const fact = this.#now.get(key)
      assert.equal(this.store.get(key)?.revision, fact?.revision)
      assert.equal(this.store.getPending(key)?.value.toString(), fact?.value)
    }
  }

  #write(): void {
    const { random } = this
    const key = `${random.pick(BUCKETS)}/${random.pick(NAMES)}`
    const kind = random.chance(0.7) ? 'put' : 'delete'
    const there = this.#now.get(key)
    const expect = this.#expectation(there)
    const previousRevision = there?.revision
    let fact: Fact | undefined
    const encode = (revision: number) => {
      const value = `${kind} ${revision} ${'x'.repeat(random.below(3_000))}`
      const createRevision = there?.createRevision ?? revision
      fact = { type: kind, key, revision, createRevision, value, previousRevision }
      return { value: Buffer.from(value) }
    }
    const outcome = this.store.commit({ kind, key, expect, encode })
    const allowed = isMet(expect, there) && (kind === 'put' || there !== undefined)
    assert.equal(fact !== undefined, allowed, 'a value is encoded exactly when the expectation is met')
    if (fact === undefined) {
      this.#outcomes.push(assert.rejects(outcome, { code: 'conflict' }))
      return
    }
    const { revision, value } = fact
    assert.ok(revision > (this.#facts.at(-1)?.revision ?? 1), 'revisions increase')
    this.#facts.push(fact)
    if (kind === 'put') this.#now.set(key, fact)
    else this.#now.delete(key)
    const resolved = outcome.then((entry) => {
      assert.equal(entry.revision, revision)
      assert.equal(entry.value.toString(), value)
    })
    this.#outcomes.push(resolved)
  }

  #expectation(there: Fact | undefined): Expectation {
    const { random } = this
    if (random.chance(0.4)) return undefined
    if (random.chance(0.4)) return { absent: true }
    if (there !== undefined && random.chance(0.7)) return { revision: there.revision }
    return { revision: 1 + random.below(this.store.revision) }
  }

  #checkList(): void {
    const { random, store } = this
    const { revision: newest, compactedRevision } = store
    const revision = compactedRevision + random.below(newest - compactedRevision + 1)
    const prefix = random.pick(PREFIXES)!
    const startAfter = random.chance(0.5) ? `pods/${random.pick(NAMES)}` : ''
    const limit = random.chance(0.5) ? 1 + random.below(4) : Infinity
    const then = new Map<string, Fact>()
    for (const fact of this.#facts.filter((f) => f.revision <= revision)) {
      if (fact.type === 'put') then.set(fact.key, fact)
      else then.delete(fact.key)
    }
    const all = [...then.keys()].sort().filter((key) => matches(prefix, key) && key > startAfter)
    const page = all.slice(0, limit)
    const list = store.list({ prefix, revision, limit, ...(startAfter === '' ? {} : { startAfter }) })
    assert.deepEqual(
      list.entries.map((entry) => [entry.key, entry.revision, entry.createRevision, entry.value.toString()]),
      page.map((key) => [key, then.get(key)!.revision, then.get(key)!.createRevision, then.get(key)!.value]),
      `list of ${prefix} at ${revision}`,
    )
    assert.equal(list.remaining, all.length - page.length)
  }

  #watch(): void {
    const { revision, compactedRevision } = this.store
    const after = compactedRevision + this.random.below(revision - compactedRevision + 1)
    const watcher: Watcher = {
      prefix: this.random.pick(PREFIXES)!,
      after,
      seen: [],
      closed: false,
      close: () => {},
    }
    this.#watchers.push(watcher)
    this.#start(watcher, after)
  }

  #start(watcher: Watcher, after: number): void {
    const onEvents = (events: readonly StoreEvent[]) => watcher.seen.push(...events.map(factOf))
    const watch = this.store.watch({ prefix: watcher.prefix, after, onEvents })
    watcher.close = () => {
      watcher.closed = true
      watch.close()
    }
  }

  async #compact(): Promise<void> {
    // All watches have caught up by then: one that had not would be ended.
    await this.settle()
    const { revision, compactedRevision } = this.store
    await this.store.compact(compactedRevision + this.random.below(revision - compactedRevision + 1))
  }
}

function positionOf({ after, seen }: Watcher): number {
  return seen.at(-1)?.revision ?? after
}

function matches(prefix: string, key: string): boolean {
  return key.startsWith(prefix.includes('/') ? prefix : `${prefix}/`)
}

function isMet(expect: Expectation, there: Fact | undefined): boolean {
  if (expect === undefined) return true
  return 'absent' in expect ? there === undefined : there?.revision === expect.revision
}

function factOf({ type, revision, entry, previous }: StoreEvent): Fact {
  assert.equal(entry.revision, revision)
  const { key, createRevision, value } = entry
  return {
    type,
    key,
    revision,
    createRevision,
    value: value.toString(),
    previousRevision: previous?.revision,
  }
}
