// What the tests of a store say in a word: puts, expected failures, a watch that remembers.

import assert from 'node:assert/strict'
import {
  type Entry,
  type Operation,
  type Store,
  StoreError,
  type StoreErrorCode,
  type StoreEvent,
} from '../contract.ts'

export function putOf(key: string, value: string, expect?: Operation['expect']): Operation & { kind: 'put' } {
  return { kind: 'put', key, expect, encode: () => ({ value: Buffer.from(value) }) }
}

export function text(entry: Entry | undefined): string | undefined {
  return entry?.value.toString()
}

export function describeEvent({ type, entry, previous }: StoreEvent): string {
  const was = previous === undefined ? '' : ` was ${text(previous)}`
  return `${type} ${entry.key} ${text(entry)}${was}`
}

/** Rejects unless `promise` rejects with a StoreError of this code; resolves with that error. */
export async function failure(promise: Promise<unknown>, code: StoreErrorCode): Promise<StoreError> {
  const error = await promise.then(
    () => assert.fail(`expected '${code}', but it succeeded`),
    (rejected: unknown) => rejected,
  )
  assertCode(error, code)
  return error
}

export function throwsCode(action: () => unknown, code: StoreErrorCode): void {
  assert.throws(action, (error) => {
    assertCode(error, code)
    return true
  })
}

export function assertCode(error: unknown, code: StoreErrorCode): asserts error is StoreError {
  assert.ok(error instanceof StoreError)
  assert.equal(error.code, code, error.message)
}

export function keysOf(store: Store, prefix: string): string[] {
  return store.list({ prefix }).entries.map((entry) => entry.key)
}

/** How long `Seen.until` waits: far longer than any delivery takes. */
const SEEN_LIMIT_MS = 10_000

/** A watch that remembers. */
export class Seen {
  readonly events: StoreEvent[] = []
  ended: string | undefined
  readonly close: () => void
  #changed: () => void = () => {}

  constructor(store: Store, { prefix, after }: { prefix: string; after: number }) {
    const watch = store.watch({
      prefix,
      after,
      onEvents: (events) => {
        this.events.push(...events)
        this.#changed()
      },
      onEnd: (error) => {
        this.ended = error.code
        this.#changed()
      },
    })
    this.close = () => watch.close()
  }

  async until(condition: (events: readonly StoreEvent[]) => boolean): Promise<void> {
    if (condition(this.events)) return
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('the watch did not get there')), SEEN_LIMIT_MS)
      this.#changed = () => {
        if (!condition(this.events)) return
        clearTimeout(timer)
        resolve()
      }
    })
  }
}
