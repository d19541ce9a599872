// What the edge answers at /.well-known/acme-challenge/TOKEN of a host: told by those who get certificates, read by who
// writes the edge's files.

export interface Shown {
  /** In lower case. */
  host: string
  token: string
  answer: string
}

export class Challenges {
  readonly #shown = new Map<string, readonly Shown[]>()
  readonly #handlers = new Set<() => void>()

  /** In place of what the same one told before; none: nothing is answered any more. */
  show(key: string, shown: readonly Shown[]): void {
    if (shown.length === 0 && !this.#shown.has(key)) return
    if (shown.length === 0) this.#shown.delete(key)
    else this.#shown.set(key, shown)
    for (const handler of this.#handlers) handler()
  }

  /** Sorted: the same in whichever order they were told. */
  all(): Shown[] {
    return [...this.#shown.keys()].sort().flatMap((key) => this.#shown.get(key)!)
  }

  onChange(handler: () => void): () => void {
    this.#handlers.add(handler)
    return () => this.#handlers.delete(handler)
  }
}
