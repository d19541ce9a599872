// The memory that the main thread and the checkpointer share: two counters.

/** Index: counts commits. */
export const COMMITS = 0
/** Index: 1 when the checkpointer is to stop. */
export const STOP = 1
/** How many there are. */
export const SIGNALS = 2

export interface CheckpointerData {
  file: string
  signals: Int32Array<SharedArrayBuffer>
  /** The thread ends after this time without commits. */
  idleMs: number
}
