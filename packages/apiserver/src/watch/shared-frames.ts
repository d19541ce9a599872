// Bytes of events and batches, shared by all watchers that see the same events the same way. They live for one tick:
// events are kept in the store's history, and their bytes must not be kept with them.

import type { StoreEvent } from '@brume/store/contract'

export class SharedFrames {
  #forms = new Map<object, Map<string, Buffer>>()

  batch(events: readonly StoreEvent[], id: string, make: () => Buffer): Buffer {
    return this.#memo(events, id, make)
  }

  event(event: StoreEvent, id: string, make: () => Buffer): Buffer {
    return this.#memo(event, id, make)
  }

  clear(): void {
    if (this.#forms.size > 0) this.#forms = new Map()
  }

  #memo(key: object, id: string, make: () => Buffer): Buffer {
    // Whoever puts something in outside the hub's ticks leaves nothing behind either.
    if (this.#forms.size === 0) setImmediate(() => this.clear())
    let forms = this.#forms.get(key)
    if (forms === undefined) {
      forms = new Map()
      this.#forms.set(key, forms)
    }
    let bytes = forms.get(id)
    if (bytes === undefined) {
      bytes = make()
      forms.set(id, bytes)
    }
    return bytes
  }
}
