// A range of numbers (addresses, ports) of which each is taken once. Taken means: a stored object has it, or a write
// that is under way was given it.

export class Pool {
  readonly #first: number
  readonly #size: number
  readonly #taken = new Set<number>()
  /** Where the next search begins, so that a freed number is not at once someone else's. */
  #next: number
  readonly #random: () => number

  /** Numbers first .. first+size-1; `size` > 0. `random` gives [0, 1). */
  constructor(first: number, size: number, random: () => number = Math.random) {
    this.#first = first
    this.#size = size
    this.#random = random
    this.#next = Math.floor(random() * size)
  }

  has(value: number): boolean {
    return value >= this.#first && value < this.#first + this.#size
  }

  isTaken(value: number): boolean {
    return this.#taken.has(value)
  }

  take(value: number): void {
    this.#taken.add(value)
  }

  free(value: number): void {
    this.#taken.delete(value)
  }

  /** A free number, taken; undefined when all are. */
  allocate(): number | undefined {
    if (this.#taken.size >= this.#size) return undefined
    for (let i = 0; i < this.#size; i++) {
      const value = this.#first + ((this.#next + i) % this.#size)
      if (this.#taken.has(value)) continue
      this.#taken.add(value)
      this.#next = (this.#next + i + 1 + Math.floor(this.#random() * 8)) % this.#size
      return value
    }
    return undefined
  }
}
