// What is in a volume that the agent writes: files by their path below it.

import { createHash } from 'node:crypto'

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

/** The same for the same files with the same modes and owners, in any order. */
export function payloadDigest(payload: Payload): string {
  const hash = createHash('sha256')
  for (const path of [...payload.keys()].sort()) {
    const { data, mode, uid = 0 } = payload.get(path)!
    hash.update(`${JSON.stringify(path)} ${mode} ${uid} ${data.length}\n`).update(data)
  }
  return hash.digest('base64')
}
