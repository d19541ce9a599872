// The store's contract: keys and bytes, never kinds. Two implementations are meant to obey it (SQLite now,
// PostgreSQL later); contract-suite.ts is the test that every implementation runs.
//
// Revisions: one counter for the whole store. Every committed operation gets its own revision, strictly increasing,
// in commit order; watchers see them in that order without gaps or repeats. The revision of an empty store is 1.

/** `bucket/rest`: the bucket is all before the first slash, e.g. `deployments.apps/default/web`, `nodes/n1`. */
export type Key = string

/** The current state of one key. Immutable. */
export interface Entry {
  readonly key: Key
  /** Revision of the last write (the object's resourceVersion). */
  readonly revision: number
  readonly createRevision: number
  /** Exact-size bytes of the value. Never changed, never to be changed. */
  readonly value: Buffer
  /** A slot for the layer above: what it derived from `value` (labels, parsed object). Never persisted. */
  attachment: unknown
}

export type Expectation =
  /** The key must not exist: a create. */
  | { readonly absent: true }
  /** The key must exist at exactly this revision. */
  | { readonly revision: number }
  /** Whatever is there. */
  | undefined

export interface Put {
  readonly kind: 'put'
  readonly key: Key
  readonly expect: Expectation
  /**
   * The value once its revision is known (it is embedded in the value). Called once, synchronously within
   * `commit`, after `expect` was found true. May set the attachment of the new entry.
   */
  encode(revision: number): { value: Buffer; attachment?: unknown }
  /** Epoch milliseconds after which the store deletes the key by itself (Events); absent: never. */
  readonly expiresAt?: number
}

export interface Delete {
  readonly kind: 'delete'
  readonly key: Key
  readonly expect: Expectation
  /** Last state sent to watchers (it carries the deletion's revision); default: the previous value. */
  encode?(revision: number): { value: Buffer; attachment?: unknown }
}

export type Operation = Put | Delete

export type StoreEvent =
  | {
      readonly type: 'put'
      readonly revision: number
      readonly entry: Entry
      readonly previous: Entry | undefined
    }
  | { readonly type: 'delete'; readonly revision: number; readonly entry: Entry; readonly previous: Entry }

export interface WatchOptions {
  /** Bucket, or bucket and a prefix of the rest: `pods/default/`. */
  prefix: string
  /** Events after this revision are delivered, history first. */
  after: number
  /** Called in revision order, in batches as they were committed. Must not throw. */
  onEvents(events: readonly StoreEvent[]): void
  /** The watch ended by the store: closed, or compacted away under a watcher that had not caught up. */
  onEnd?(error: StoreError): void
}

export interface Watch {
  /** Stops the deliveries; idempotent. */
  close(): void
}

export type StoreErrorCode =
  /** An expectation was not met; `current` tells what is there. Not retryable as it is. */
  | 'conflict'
  /** `after` or a list revision is older than the compacted history. */
  | 'compacted'
  /** A revision that does not exist yet. */
  | 'future-revision'
  /** The disk is full or read-only or failing: nothing of the operation was kept. Retryable once it is mended. */
  | 'unavailable'
  /** The file's content is damaged. */
  | 'corrupt'
  /** The file was written by a newer Brume. */
  | 'schema-version'
  /** Another process holds the data directory. */
  | 'locked'
  /** A value is encrypted with a key that was not given, or the key file cannot be used. */
  | 'encryption-key'
  | 'closed'

export class StoreError extends Error {
  override name = 'StoreError'
  readonly code: StoreErrorCode
  readonly retryable: boolean
  /** For 'conflict': the entry that is there, if any. */
  readonly current: Entry | undefined

  constructor(
    code: StoreErrorCode,
    message: string,
    options: { current?: Entry | undefined; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause })
    this.code = code
    this.retryable = code === 'unavailable'
    this.current = options.current
  }
}

export interface ListOptions {
  /** Bucket, or bucket and a prefix of the rest. */
  prefix: string
  /** Only keys greater than this one. */
  startAfter?: Key
  /** At most this many entries; absent: all. */
  limit?: number
  /** State as of this past revision (for continued lists); absent: now. Throws 'compacted' when it is too old. */
  revision?: number
}

export interface ListResult {
  /** In key order (code units). The array is the caller's. */
  entries: Entry[]
  /** The revision the state is as of. */
  revision: number
  /** Entries beyond `limit`. */
  remaining: number
}

export interface BucketStats {
  count: number
  bytes: number
}

export interface Store {
  /** Revision of the newest committed operation. */
  readonly revision: number
  /** Oldest revision that a watch may start after. */
  readonly compactedRevision: number

  /** From memory. */
  get(key: Key): Entry | undefined
  /** From memory. */
  list(options: ListOptions): ListResult
  /** Number and bytes of the entries of each bucket. */
  stats(): ReadonlyMap<string, BucketStats>

  /**
   * Commits one operation durably. Resolves after fsync with the new entry (for a delete: the last state), when
   * watchers have been told. Throws StoreError synchronously-as-rejection: 'conflict', 'unavailable', 'closed'.
   * Expectations are checked against committed AND pending operations, in call order: a later operation on a key
   * sees an earlier pending one as done; when that one then fails, so does the later ('unavailable').
   */
  commit(operation: Operation): Promise<Entry>
  /** The newest state of a key including operations that are not durable yet. For read-modify-write loops. */
  getPending(key: Key): Entry | undefined
  /**
   * Resolves when all that `getPending` shows of the key now is durable. Whoever answers with what it saw there, rather
   * than with a commit of its own, waits for this first. Rejects as the pending operation does ('unavailable').
   */
  settled(key: Key): Promise<void>

  /** Throws StoreError 'compacted' or 'future-revision' synchronously. */
  watch(options: WatchOptions): Watch

  /** Forgets history before `revision`. Also runs by age by itself. */
  compact(revision: number): Promise<void>
  /** Writes a consistent copy to `path` (must not exist) while the store serves; readable by `restore`. */
  backup(path: string): Promise<{ revision: number; bytes: number }>
  /** Flushes and closes; pending commits settle first. Idempotent. */
  close(): Promise<void>
}
