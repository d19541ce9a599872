// The entries of one bucket in key order (code units), as a list of sorted chunks: inserting costs a binary search
// and a move within one chunk, a rank costs a sum over the chunks, and a page of a list is a few slices.

import type { Entry, Key } from '../contract.ts'

/** Chunks are filled to this size by ascending inserts, and split in two when they reach twice as much. */
const CHUNK_ENTRIES = 512

export class OrderedIndex {
  readonly #chunks: Entry[][] = []
  #size = 0

  get size(): number {
    return this.#size
  }

  /** Inserts the entry, or replaces the one of the same key. */
  set(entry: Entry): void {
    const last = this.#chunks.at(-1)
    if (last === undefined || last.at(-1)!.key < entry.key) {
      if (last === undefined || last.length >= CHUNK_ENTRIES) this.#chunks.push([entry])
      else last.push(entry)
      this.#size++
      return
    }
    const at = this.#chunkOf(entry.key)
    const chunk = this.#chunks[at]!
    const position = lowerBound(chunk, entry.key)
    if (chunk[position]?.key === entry.key) {
      chunk[position] = entry
      return
    }
    chunk.splice(position, 0, entry)
    this.#size++
    if (chunk.length >= 2 * CHUNK_ENTRIES) this.#chunks.splice(at + 1, 0, chunk.splice(CHUNK_ENTRIES))
  }

  delete(key: Key): void {
    const at = this.#chunkOf(key)
    const chunk = this.#chunks[at]
    if (chunk === undefined) return
    const position = lowerBound(chunk, key)
    if (chunk[position]?.key !== key) return
    chunk.splice(position, 1)
    this.#size--
    if (chunk.length === 0) this.#chunks.splice(at, 1)
  }

  /** How many entries have a key smaller than `key`. */
  rank(key: Key): number {
    const at = this.#chunkOf(key)
    let before = 0
    for (let i = 0; i < at; i++) before += this.#chunks[i]!.length
    const chunk = this.#chunks[at]
    return chunk === undefined ? before : before + lowerBound(chunk, key)
  }

  /** The entries with a rank in [from, to), as a new array. */
  slice(from: number, to: number): Entry[] {
    const entries: Entry[] = []
    let start = 0
    for (const chunk of this.#chunks) {
      if (start >= to) break
      const end = start + chunk.length
      if (end > from) {
        const whole = from <= start && to >= end
        const part = whole ? chunk : chunk.slice(Math.max(from - start, 0), to - start)
        for (const entry of part) entries.push(entry)
      }
      start = end
    }
    return entries
  }

  /** The first chunk whose last key is not smaller than `key`; the number of chunks when there is none. */
  #chunkOf(key: Key): number {
    let low = 0
    let high = this.#chunks.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#chunks[middle]!.at(-1)!.key < key) low = middle + 1
      else high = middle
    }
    return low
  }
}

function lowerBound(chunk: readonly Entry[], key: Key): number {
  let low = 0
  let high = chunk.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (chunk[middle]!.key < key) low = middle + 1
    else high = middle
  }
  return low
}
