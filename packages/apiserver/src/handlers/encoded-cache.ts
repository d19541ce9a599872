// Encoded objects kept for the next list, within a budget of bytes; the oldest go first. An entry never changes, so
// what was made of it stays right; one that is no longer current ages out.

import type { Entry } from '@brume/store/contract'

/** `form` says what was made of the entry: a kind in one version. One form of an entry is kept. */
interface Encoded {
  form: object
  bytes: Buffer
}

export class EncodedCache {
  readonly #byEntry = new Map<Entry, Encoded>()
  readonly #limitBytes: number
  #bytes = 0

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes
  }

  get bytes(): number {
    return this.#bytes
  }

  get(entry: Entry, form: object): Buffer | undefined {
    const known = this.#byEntry.get(entry)
    return known?.form === form ? known.bytes : undefined
  }

  set(entry: Entry, form: object, bytes: Buffer): void {
    this.#forget(entry)
    this.#byEntry.set(entry, { form, bytes })
    this.#bytes += bytes.length
    for (const oldest of this.#byEntry.keys()) {
      if (this.#bytes <= this.#limitBytes) return
      this.#forget(oldest)
    }
  }

  #forget(entry: Entry): void {
    const known = this.#byEntry.get(entry)
    if (known === undefined) return
    this.#byEntry.delete(entry)
    this.#bytes -= known.bytes.length
  }
}
