// From an operation to the event it will be: checks the expectation against committed and pending state, allocates
// the revision, encodes the value.

import { assert } from '@brume/base/assert'
import {
  type Entry,
  type Expectation,
  type Key,
  type Operation,
  StoreError,
  type StoreEvent,
} from '../contract.ts'
import { makeEntry } from './entry.ts'
import { assertKey } from './keys.ts'
import type { MemoryState } from './state.ts'

/** No value is larger: a bug above the store must not become gigabytes in one row. */
const MAX_VALUE_BYTES = 64 * 1024 * 1024

export class Pending {
  readonly #state: MemoryState
  /** The newest event of each key that is not committed yet. */
  readonly #newest = new Map<Key, StoreEvent>()
  #allocated: number
  #encoding = false

  constructor(state: MemoryState) {
    this.#state = state
    this.#allocated = state.revision
  }

  /** The newest state of a key, as if all pending operations had succeeded. */
  get(key: Key): Entry | undefined {
    const event = this.#newest.get(key)
    if (event === undefined) return this.#state.get(key)
    return event.type === 'put' ? event.entry : undefined
  }

  /** The newest event of the key that is not committed yet. */
  newest(key: Key): StoreEvent | undefined {
    return this.#newest.get(key)
  }

  /** Throws 'conflict', or whatever `encode` throws; then nothing is pending and a revision is left out. */
  add(operation: Operation): StoreEvent {
    assert(!this.#encoding, 'encode() must not commit')
    assertKey(operation.key)
    const previous = this.get(operation.key)
    check(operation, previous)
    const event = this.#eventOf(operation, previous, ++this.#allocated)
    this.#newest.set(operation.key, event)
    return event
  }

  /** The event was committed, or given up. */
  settle(event: StoreEvent): void {
    if (this.#newest.get(event.entry.key) === event) this.#newest.delete(event.entry.key)
  }

  #eventOf(operation: Operation, previous: Entry | undefined, revision: number): StoreEvent {
    const { kind, key } = operation
    const createRevision = previous?.createRevision ?? revision
    const encoded = this.#encode(operation, revision)
    if (kind === 'put') {
      assert(encoded !== undefined, 'a put has a value')
      const entry = makeEntry({ key, revision, createRevision, attachment: encoded.attachment, ...encoded })
      return { type: 'put', revision, entry, previous }
    }
    assert(previous !== undefined, 'only what exists is deleted')
    const { value, attachment } = encoded ?? previous
    const entry = makeEntry({ key, revision, createRevision, value, attachment })
    return { type: 'delete', revision, entry, previous }
  }

  #encode(operation: Operation, revision: number): { value: Buffer; attachment?: unknown } | undefined {
    if (operation.encode === undefined) return undefined
    this.#encoding = true
    try {
      const encoded = operation.encode(revision)
      assert(Buffer.isBuffer(encoded.value), `the value of ${operation.key} is a Buffer`)
      assert(encoded.value.byteLength <= MAX_VALUE_BYTES, `the value of ${operation.key} is at most 64 MiB`)
      return encoded
    } finally {
      this.#encoding = false
    }
  }
}

function check({ kind, key, expect }: Operation, current: Entry | undefined): void {
  const broken =
    kind === 'delete' && current === undefined ? 'it does not exist' : brokenExpectation(expect, current)
  if (broken !== undefined) throw new StoreError('conflict', `cannot ${kind} ${key}: ${broken}`, { current })
}

function brokenExpectation(expect: Expectation, current: Entry | undefined): string | undefined {
  if (expect === undefined) return undefined
  if ('absent' in expect) return current && `it exists already, at revision ${current.revision}`
  if (current === undefined) return `it does not exist, revision ${expect.revision} was expected`
  if (current.revision === expect.revision) return undefined
  return `it is at revision ${current.revision}, revision ${expect.revision} was expected`
}
