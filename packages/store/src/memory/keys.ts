// Keys, buckets and prefixes: `bucket/rest`, ordered by code units.

import { assert } from '@brume/base/assert'
import type { Key } from '../contract.ts'

export interface KeyRange {
  readonly bucket: string
  /** Every key of the range starts with this: `pods/` or `pods/default/`. */
  readonly prefix: string
  /** The smallest string greater than every key of the range. */
  readonly end: string
}

/** All before the first slash. */
export function bucketOf(key: Key): string {
  return key.slice(0, key.indexOf('/'))
}

/** The range that a list's or watch's prefix names: a bucket, or a bucket and a prefix of the rest. */
export function rangeOf(prefix: string): KeyRange {
  const slash = prefix.indexOf('/')
  assert(slash !== 0 && prefix !== '', 'a prefix starts with a bucket')
  const bucket = slash < 0 ? prefix : prefix.slice(0, slash)
  const full = slash < 0 ? `${prefix}/` : prefix
  return { bucket, prefix: full, end: successor(full) }
}

/** Keys are stored as UTF-8 text, so they must survive the way there and back. */
export function assertKey(key: Key): void {
  assert(key.indexOf('/') > 0, `a key is bucket/rest, not ${JSON.stringify(key)}`)
  assert(key.isWellFormed() && !key.includes('\0'), `a key is well-formed text, not ${JSON.stringify(key)}`)
}

function successor(prefix: string): string {
  for (let last = prefix.length - 1; ; last--) {
    const code = prefix.charCodeAt(last)
    if (code < 0xffff) return prefix.slice(0, last) + String.fromCharCode(code + 1)
  }
}
