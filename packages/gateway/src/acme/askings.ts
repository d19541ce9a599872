// Who may ask for certificates, as the edge saw them in its last round: the way from there to those who get certificates.

import type { Asking } from './wants.ts'

export class Askings {
  readonly #handlers = new Set<() => void>()
  readonly #first = Promise.withResolvers<void>()
  #list: readonly Asking[] = []

  set(list: readonly Asking[]): void {
    this.#list = list
    this.#first.resolve()
    for (const handler of this.#handlers) handler()
  }

  list(): readonly Asking[] {
    return this.#list
  }

  onChange(handler: () => void): () => void {
    this.#handlers.add(handler)
    return () => this.#handlers.delete(handler)
  }

  /** There was a first round: stays pending while nobody wants anything of the edge. */
  synced(): Promise<void> {
    return this.#first.promise
  }
}
