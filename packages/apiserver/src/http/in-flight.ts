// How many requests are being worked on, reads and writes. How many may be is the matter of flow control (flow/).

export class InFlight {
  readOnly = 0
  mutating = 0

  /** Call the result when the request is done. */
  enter(isMutating: boolean): () => void {
    const kind = isMutating ? 'mutating' : 'readOnly'
    this[kind]++
    let held = true
    return () => {
      if (!held) return
      held = false
      this[kind]--
    }
  }
}
