// The store above any backend: group commit, publication, watches, compaction, expiry.
//
// One batch is in flight; what is committed meanwhile is the next batch. A batch becomes visible (to reads, watchers
// and the callers) only after the backend has made it durable.

import { assert } from '@brume/base/assert'
import type { Clock } from '@brume/base/clock'
import type { Logger } from '@brume/base/log'
import {
  type BucketStats,
  type Entry,
  type Key,
  type ListOptions,
  type ListResult,
  type Operation,
  type Store,
  StoreError,
  type Watch,
  type WatchOptions,
} from '../contract.ts'
import type { Backend, Batch, Write } from './backend.ts'
import { Expiry } from './expiry.ts'
import { Pending } from './pending.ts'
import { Retention, type RetentionLimits } from './retention.ts'
import type { MemoryState } from './state.ts'
import { WatchHub } from './watch-hub.ts'

/** A batch is cut at these bounds, so that one commit stays short. */
const MAX_BATCH_OPERATIONS = 2_000
const MAX_BATCH_BYTES = 16 * 1024 * 1024
const MAX_BATCH_FORGOTTEN = 2_000
/** Past this many operations that wait, new ones are refused. */
const MAX_WAITING = 100_000

interface Commit extends Write {
  resolve(entry: Entry): void
  reject(error: StoreError): void
  /** As `resolve` and `reject` do; made when somebody asks. */
  settled?: PromiseWithResolvers<void>
}

export interface RevisionedStoreOptions {
  state: MemoryState
  backend: Backend
  clock: Clock
  logger: Logger
  retention: RetentionLimits
  /** When the loaded keys expire. */
  expiries?: Iterable<{ key: Key; revision: number; expiresAt: number }>
  /** Loaded revisions that the backend keeps and nobody needs any more. */
  forget?: number[]
}

export class RevisionedStore implements Store {
  readonly #state: MemoryState
  readonly #backend: Backend
  readonly #logger: Logger
  readonly #pending: Pending
  readonly #hub: WatchHub
  readonly #expiry: Expiry
  readonly #retention: Retention
  #waiting: Commit[] = []
  #flying: readonly Commit[] = []
  #forget: number[]
  #inFlight = false
  #scheduled = false
  #closed: Promise<void> | undefined
  #idle: (() => void) | undefined

  constructor({ state, backend, clock, logger, retention, expiries, forget }: RevisionedStoreOptions) {
    this.#state = state
    this.#backend = backend
    this.#logger = logger
    this.#pending = new Pending(state)
    this.#hub = new WatchHub(state, logger)
    this.#expiry = new Expiry(clock, (key, revision) => this.#expire(key, revision))
    for (const { key, revision, expiresAt } of expiries ?? []) this.#expiry.track(key, revision, expiresAt)
    const compact = (revision: number) => this.#compactMemory(revision)
    this.#retention = new Retention({ state, clock, limits: retention, compact })
    this.#forget = forget ?? []
    if (this.#forget.length > 0) this.#schedule()
  }

  get revision(): number {
    return this.#state.revision
  }

  get compactedRevision(): number {
    return this.#state.compactedRevision
  }

  get(key: Key): Entry | undefined {
    return this.#state.get(key)
  }

  getPending(key: Key): Entry | undefined {
    return this.#pending.get(key)
  }

  async settled(key: Key): Promise<void> {
    const event = this.#pending.newest(key)
    if (event === undefined) return
    const isOfEvent = (commit: Commit) => commit.event === event
    const commit = this.#flying.find(isOfEvent) ?? this.#waiting.find(isOfEvent)
    assert(commit !== undefined, 'what is pending waits or flies')
    commit.settled ??= Promise.withResolvers<void>()
    await commit.settled.promise
  }

  list(options: ListOptions): ListResult {
    return this.#state.list(options)
  }

  stats(): ReadonlyMap<string, BucketStats> {
    return this.#state.stats()
  }

  commit(operation: Operation): Promise<Entry> {
    return new Promise((resolve, reject) => {
      this.#assertOpen()
      if (this.#waiting.length >= MAX_WAITING) {
        throw new StoreError('unavailable', `${MAX_WAITING} writes are waiting for the disk already`)
      }
      const event = this.#pending.add(operation)
      const expiresAt = operation.kind === 'put' ? operation.expiresAt : undefined
      this.#waiting.push({ event, expiresAt, resolve, reject })
      this.#schedule()
    })
  }

  watch(options: WatchOptions): Watch {
    this.#assertOpen()
    return this.#hub.watch(options)
  }

  async compact(revision: number): Promise<void> {
    this.#assertOpen()
    if (revision > this.#state.revision) this.#state.assertInHistory(revision)
    this.#compactMemory(revision)
  }

  async backup(path: string): Promise<{ revision: number; bytes: number }> {
    this.#assertOpen()
    return this.#backend.backup(path)
  }

  close(): Promise<void> {
    this.#closed ??= this.#shutDown()
    return this.#closed
  }

  async #shutDown(): Promise<void> {
    this.#expiry.stop()
    this.#retention.stop()
    if (this.#inFlight || this.#scheduled) await new Promise<void>((resolve) => (this.#idle = resolve))
    this.#hub.end(new StoreError('closed', 'the store was closed'))
    await this.#backend.close()
  }

  #assertOpen(): void {
    if (this.#closed !== undefined) throw new StoreError('closed', 'the store is closed')
  }

  /** A turn later, so that all writes of one turn of the event loop share the batch. */
  #schedule(): void {
    if (this.#scheduled || this.#inFlight) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      void this.#flush()
    })
  }

  async #flush(): Promise<void> {
    const commits = this.#cutBatch()
    const forget = this.#forget.splice(0, MAX_BATCH_FORGOTTEN)
    const batch: Batch = { writes: commits, forget, compactedRevision: this.#state.compactedRevision }
    this.#inFlight = true
    this.#flying = commits
    try {
      await this.#backend.write(batch)
    } catch (error) {
      assert(error instanceof StoreError, 'a backend rejects with StoreError')
      this.#fail(commits, error)
      this.#forget.push(...forget)
      this.#settle(false)
      return
    }
    this.#publish(commits)
    this.#settle(true)
  }

  #cutBatch(): Commit[] {
    let bytes = 0
    let count = 0
    for (const { event } of this.#waiting) {
      bytes += event.entry.value.byteLength
      if (count >= MAX_BATCH_OPERATIONS || (count > 0 && bytes > MAX_BATCH_BYTES)) break
      count++
    }
    return this.#waiting.splice(0, count)
  }

  #publish(commits: readonly Commit[]): void {
    const events = commits.map((commit) => commit.event)
    this.#state.apply(events)
    for (const event of events) this.#pending.settle(event)
    this.#expiry.observe(commits)
    this.#retention.observe()
    this.#hub.dispatch(events)
    for (const { event, resolve, settled } of commits) {
      resolve(event.entry)
      settled?.resolve()
    }
  }

  /** Nothing of the batch was kept. What waits for a key of it was built on it, so it fails too. */
  #fail(commits: readonly Commit[], error: StoreError): void {
    const keys = new Set(commits.map((commit) => commit.event.entry.key))
    const waiting: Commit[] = []
    const failed = [...commits]
    for (const commit of this.#waiting) {
      if (keys.has(commit.event.entry.key)) failed.push(commit)
      else waiting.push(commit)
    }
    this.#waiting = waiting
    for (const { event, reject, settled } of failed) {
      this.#pending.settle(event)
      reject(error)
      settled?.reject(error)
    }
    this.#logger.error('a batch of writes was not kept', { operations: failed.length, error })
  }

  /** `again`: whether what is left to forget may be written now; after a failure it waits for the next commit. */
  #settle(again: boolean): void {
    this.#inFlight = false
    this.#flying = []
    if (this.#waiting.length > 0 || (again && this.#forget.length > 0)) this.#schedule()
    else this.#idle?.()
  }

  #compactMemory(revision: number): void {
    for (const { type, revision: of, previous } of this.#state.compact(revision)) {
      if (previous !== undefined) this.#forget.push(previous.revision)
      if (type === 'delete') this.#forget.push(of)
    }
    if (this.#forget.length > 0 && this.#closed === undefined) this.#schedule()
  }

  #expire(key: Key, revision: number): void {
    if (this.#pending.get(key)?.revision !== revision) return
    // A failure was logged with its batch, and the next sweep tries again.
    this.commit({ kind: 'delete', key, expect: { revision } }).catch(() => {})
  }
}
