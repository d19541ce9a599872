// Keys by the time they are due: a binary heap, with at most one entry a key (the soonest).

interface Entry {
  key: string
  dueAt: number
}

export class DelayHeap {
  readonly #entries: Entry[] = []
  readonly #dueAt = new Map<string, number>()

  get size(): number {
    return this.#dueAt.size
  }

  /** When the soonest key is due. */
  get nextDueAt(): number | undefined {
    this.#dropStale()
    return this.#entries[0]?.dueAt
  }

  /** A key that is there already keeps the sooner of both times. */
  add(key: string, dueAt: number): void {
    const known = this.#dueAt.get(key)
    if (known !== undefined && known <= dueAt) return
    this.#dueAt.set(key, dueAt)
    this.#entries.push({ key, dueAt })
    this.#siftUp(this.#entries.length - 1)
  }

  /** Takes the soonest key out if it is due at `now`. */
  takeDue(now: number): string | undefined {
    this.#dropStale()
    const first = this.#entries[0]
    if (first === undefined || first.dueAt > now) return undefined
    this.#pop()
    this.#dueAt.delete(first.key)
    return first.key
  }

  clear(): void {
    this.#entries.length = 0
    this.#dueAt.clear()
  }

  /** Entries whose key was added again for a sooner time. */
  #dropStale(): void {
    for (let first = this.#entries[0]; first !== undefined; first = this.#entries[0]) {
      if (this.#dueAt.get(first.key) === first.dueAt) return
      this.#pop()
    }
  }

  #pop(): void {
    const last = this.#entries.pop()!
    if (this.#entries.length === 0) return
    this.#entries[0] = last
    this.#siftDown()
  }

  #siftUp(from: number): void {
    const entries = this.#entries
    let i = from
    while (i > 0) {
      const parent = (i - 1) >> 1
      if (entries[parent]!.dueAt <= entries[i]!.dueAt) return
      swap(entries, i, parent)
      i = parent
    }
  }

  #siftDown(): void {
    const entries = this.#entries
    let i = 0
    for (;;) {
      let least = i
      for (const child of [2 * i + 1, 2 * i + 2]) {
        if (child < entries.length && entries[child]!.dueAt < entries[least]!.dueAt) least = child
      }
      if (least === i) return
      swap(entries, i, least)
      i = least
    }
  }
}

function swap(entries: Entry[], a: number, b: number): void {
  const entry = entries[a]!
  entries[a] = entries[b]!
  entries[b] = entry
}
