// What of a log is asked for.

export interface LogOptions {
  follow: boolean
  timestamps: boolean
  /** Lines from the end; undefined: all. */
  tailLines?: number | undefined
  /** Milliseconds since the epoch: nothing older. */
  sinceMs?: number | undefined
  /** Of the text that is given, times included. */
  limitBytes?: number | undefined
}
