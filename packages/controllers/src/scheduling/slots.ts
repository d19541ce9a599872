// A bounded number of calls under way at once.

export class Slots {
  /** Called when the last call has ended. */
  onIdle: () => void = () => {}
  readonly #limit: number
  readonly #waiting: (() => void)[] = []
  #taken = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  get isIdle(): boolean {
    return this.#taken === 0
  }

  /** Resolves when `call` has begun, which is at once while there is a slot. `call` must not throw. */
  async run(call: () => Promise<void>): Promise<void> {
    if (this.#taken >= this.#limit) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    else this.#taken++
    void call().finally(() => {
      const next = this.#waiting.shift()
      if (next !== undefined) next()
      else if (--this.#taken === 0) this.onIdle()
    })
  }
}
