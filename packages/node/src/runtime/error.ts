// What goes wrong with the container runtime or the pods' network: a sentence, and how to mend it.

export class RuntimeError extends Error {
  override name = 'RuntimeError'
  /** The command or the deed that helps. */
  readonly next: string

  constructor(message: string, next: string, options: { cause?: unknown } = {}) {
    super(message, options)
    this.next = next
  }
}
