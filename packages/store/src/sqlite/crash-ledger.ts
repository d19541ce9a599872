// What a store must contain after what was said of it (crash-child.ts), and the comparison with what it does contain.

import assert from 'node:assert/strict'
import type { Store, StoreEvent } from '../contract.ts'
import type { Fact, Said } from './crash-child.ts'

const VALUE_HEAD = 40

export class CrashLedger {
  /** What was sent and not rejected, by revision, in this order. */
  readonly facts = new Map<number, Fact>()
  acknowledged = 0
  rejected = 0
  #newest = 1
  /** Everything up to this revision was acknowledged to a writer, shown to a watcher, or there to be read. */
  #promised = 1

  get promised(): number {
    return this.#promised
  }

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
    } else
      for (const revision of said.said === 'published' ? said.revisions : [said.revision]) {
        assert.ok(this.facts.has(revision), 'only what was sent is published')
        this.#promised = Math.max(this.#promised, revision)
        this.acknowledged++
      }
  }

  /** A new process, or the check, found the store at this revision: the rest of what was sent is gone for good. */
  #restart(revision: number): void {
    const lost = `revision ${this.#promised} was acknowledged, but only ${revision} is there`
    assert.ok(revision >= this.#promised, lost)
    for (const sent of [...this.facts.keys()]) if (sent > revision) this.facts.delete(sent)
    this.#newest = revision
    this.#promised = revision
  }
}

/** Throws an AssertionError when the store has not exactly what the ledger says, as far as its history goes back. */
export async function assertHolds(store: Store, ledger: CrashLedger): Promise<void> {
  ledger.hear({ said: 'start', revision: store.revision })
  const { compactedRevision } = store
  const found: Fact[] = []
  const onEvents = (events: readonly StoreEvent[]) => found.push(...events.map(factOf))
  const watch = store.watch({ prefix: 'pods', after: compactedRevision, onEvents })
  await Promise.resolve()
  watch.close()
  const expected = [...ledger.facts.values()]
  assert.deepEqual(
    found,
    expected.filter(({ revision }) => revision > compactedRevision),
  )
  const now = new Map<string, string>()
  for (const { type, key, revision, value } of expected) {
    if (type === 'put') now.set(key, `${revision}: ${value}`)
    else now.delete(key)
  }
  const listed = store.list({ prefix: 'pods' }).entries.map((entry) => {
    const { key, revision, value } = factOf({
      type: 'put',
      revision: entry.revision,
      entry,
      previous: undefined,
    })
    return [key, `${revision}: ${value}`] as const
  })
  assert.deepEqual(new Map(listed), now)
}

function factOf({ type, revision, entry: { key, value } }: StoreEvent): Fact {
  return { type, key, revision, value: value.toString().slice(0, VALUE_HEAD) }
}
