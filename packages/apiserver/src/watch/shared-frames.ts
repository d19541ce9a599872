// Frames of events and batches, shared by all watchers that see the same events the same way. They live for one tick:
// events are kept in the store's history, and their frames must not be kept with them.

import type { StoreEvent } from '@brume/store/contract'

export class SharedFrames {
  #forms = new Map<object, Map<string, unknown>>()

  /** `id` stands for one kind of frame. */
  batch<Frame>(events: readonly StoreEvent[], id: string, make: () => Frame): Frame {
    return this.#memo(events, id, make)
  }

  event<Frame>(event: StoreEvent, id: string, make: () => Frame): Frame {
    return this.#memo(event, id, make)
  }

  clear(): void {
    if (this.#forms.size > 0) this.#forms = new Map()
  }

  #memo<Frame>(key: object, id: string, make: () => Frame): Frame {
    // Whoever puts something in outside the hub's ticks leaves nothing behind either.
    if (this.#forms.size === 0) setImmediate(() => this.clear())
    let forms = this.#forms.get(key)
    if (forms === undefined) {
      forms = new Map()
      this.#forms.set(key, forms)
    }
    let frame = forms.get(id) as Frame | undefined
    if (frame === undefined) {
      frame = make()
      forms.set(id, frame)
    }
    return frame
  }
}
