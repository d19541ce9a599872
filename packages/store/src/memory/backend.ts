// What an implementation adds to the memory: making batches durable.

import type { StoreEvent } from '../contract.ts'

export interface Write {
  readonly event: StoreEvent
  readonly expiresAt: number | undefined
}

export interface Batch {
  /** In revision order. May be empty, when there is only something to forget. */
  readonly writes: readonly Write[]
  /** Revisions that neither the state nor the history needs any more. */
  readonly forget: readonly number[]
  /** The history before this revision is gone. */
  readonly compactedRevision: number
}

export interface Backend {
  /**
   * Makes the batch durable, all of it or nothing. One call at a time. Rejects with StoreError: 'unavailable' (nothing
   * was kept, the next batch may succeed) or 'corrupt'.
   */
  write(batch: Batch): Promise<void>
  /** As Store.backup. */
  backup(path: string): Promise<{ revision: number; bytes: number }>
  /** After the last write has settled. */
  close(): Promise<void>
}
