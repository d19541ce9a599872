// A list as of a past revision: the present state with the later events undone.

import type { Entry, Key, ListResult, StoreEvent } from '../contract.ts'
import type { KeyRange } from './keys.ts'
import type { OrderedIndex } from './ordered-index.ts'

export interface PastList {
  index: OrderedIndex
  range: KeyRange
  /** The bucket's events after the revision, oldest first. */
  later: readonly StoreEvent[]
  revision: number
  startAfter: Key | undefined
  limit: number
}

export function listAt({ index, range, later, revision, startAfter, limit }: PastList): ListResult {
  const inRange = (key: Key) => key.startsWith(range.prefix) && (startAfter === undefined || key > startAfter)
  const then = new Map<Key, Entry | undefined>()
  for (const event of later) {
    const { key } = event.entry
    if (inRange(key) && !then.has(key)) then.set(key, event.previous)
  }
  const from = fromRank(index, range, startAfter)
  const to = index.rank(range.end)
  const gone = [...then.values()].filter((entry) => entry !== undefined).sort(byKey)
  const total = to - from - countPresent(index, then.keys()) + gone.length

  // Of the present entries at most `then.size` are not part of the answer, so this many are enough.
  const present = index.slice(from, Math.min(to, from + limit + then.size)).filter((e) => !then.has(e.key))
  const entries = merge(present, gone, limit)
  return { entries, revision, remaining: total - entries.length }
}

/** The rank of the first entry of the range after `startAfter`. */
export function fromRank(index: OrderedIndex, range: KeyRange, startAfter: Key | undefined): number {
  if (startAfter === undefined || startAfter < range.prefix) return index.rank(range.prefix)
  // No key is between `startAfter` and this one.
  return Math.min(index.rank(`${startAfter}\0`), index.rank(range.end))
}

function countPresent(index: OrderedIndex, keys: Iterable<Key>): number {
  let present = 0
  for (const key of keys) present += index.rank(`${key}\0`) - index.rank(key)
  return present
}

function merge(a: readonly Entry[], b: readonly Entry[], limit: number): Entry[] {
  const merged: Entry[] = []
  let i = 0
  let j = 0
  while (merged.length < limit && (i < a.length || j < b.length)) {
    const takeA = j >= b.length || (i < a.length && a[i]!.key < b[j]!.key)
    merged.push(takeA ? a[i++]! : b[j++]!)
  }
  return merged
}

function byKey(a: Entry, b: Entry): number {
  return a.key < b.key ? -1 : 1
}
