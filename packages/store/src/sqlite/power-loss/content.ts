// The bytes of one file, changed in place.

export type Change = { at: number; bytes: Buffer } | { size: number }

export class Content {
  #memory: Buffer
  #size: number
  /** Makes what lies in a gap: sectors that the file has got and nobody has written. */
  readonly #fill: (gap: Buffer) => void

  constructor(initial: Buffer = Buffer.alloc(0), fill = (gap: Buffer): unknown => gap.fill(0)) {
    this.#memory = Buffer.from(initial)
    this.#size = initial.byteLength
    this.#fill = fill
  }

  /** Valid until the next change. */
  get bytes(): Buffer {
    return this.#memory.subarray(0, this.#size)
  }

  apply(change: Change): void {
    if ('size' in change) this.#resize(change.size)
    else {
      const { at, bytes } = change
      this.#resize(Math.max(this.#size, at + bytes.byteLength))
      bytes.copy(this.#memory, at)
    }
  }

  #resize(size: number): void {
    if (size > this.#memory.byteLength) {
      const memory = Buffer.alloc(size * 2)
      this.bytes.copy(memory)
      this.#memory = memory
    }
    if (size > this.#size) this.#fill(this.#memory.subarray(this.#size, size))
    this.#size = size
  }
}
