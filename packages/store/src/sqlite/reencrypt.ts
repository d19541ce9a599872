// Rewrites values whose encryption is not what a write would give them now, a step at a time so that commits go on
// between the steps. Revisions stay as they are: the values do not change, only how they are stored.

import type { DatabaseSync } from 'node:sqlite'
import type { EncryptionKeys } from '../encryption/keys.ts'
import { bucketOf } from '../memory/keys.ts'
import { columnsOf, LOG_COLUMNS } from './load.ts'
import { checksumOf, type LogRow } from './row.ts'
import { seal, unseal } from './values.ts'

/** How many rows one step looks at. */
const ROWS_PER_STEP = 500

export interface ReencryptStep {
  /** The revision after which the step begins. */
  after: number
  keys: EncryptionKeys
  /** The buckets whose values are encrypted; all others become plain. */
  buckets: ReadonlySet<string>
}

export interface ReencryptProgress {
  /** Where the next step begins; undefined: everything was seen. */
  next: number | undefined
  rewritten: number
}

/** Runs within the caller's transaction. */
export function reencryptStep(db: DatabaseSync, file: string, step: ReencryptStep): ReencryptProgress {
  const seen = db
    .prepare('SELECT revision, key, encryption_key FROM log WHERE revision > ? ORDER BY revision LIMIT ?')
    .all(step.after, ROWS_PER_STEP)
  const read = db.prepare(`SELECT ${LOG_COLUMNS} FROM log WHERE revision = ?`)
  read.setReturnArrays(true)
  const update = db.prepare('UPDATE log SET encryption_key = ?, checksum = ?, value = ? WHERE revision = ?')
  let rewritten = 0
  for (const { revision, key, encryption_key } of seen) {
    const encrypted = step.buckets.has(bucketOf(String(key)))
    if (encryption_key === (encrypted ? step.keys[0].id : null)) continue
    const row = columnsOf(read.get(Number(revision)), file)
    const plain: LogRow = { ...row, encryptionKey: null, value: unseal(row, step.keys, file) }
    const stored = encrypted ? seal(plain, step.keys) : plain
    update.run(stored.encryptionKey, checksumOf(stored), stored.value, stored.revision)
    rewritten++
  }
  const next = seen.length < ROWS_PER_STEP ? undefined : Number(seen.at(-1)!['revision'])
  return { next, rewritten }
}
