// What is in a volume that the agent writes: files by their path below it.

export interface PayloadFile {
  data: Buffer
  /** Permission bits. */
  mode: number
  /** Owner; absent: root. */
  uid?: number
}

export type Payload = Map<string, PayloadFile>

/** Files by the kind's own default mode, when nothing else was said. */
export const DEFAULT_MODE = 0o644
