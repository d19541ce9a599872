// What many clients want at once of something scarce: so much at a time altogether, so much for each client, and what is
// beyond that waits, a little. Whoever has the least under way comes next, so that nobody waits for another's flood.

export interface Shares {
  /** Under way at once. */
  total: number
  perClient: number
  /** Beyond that, a client is refused. */
  waitingPerClient: number
}

interface Client {
  active: number
  readonly waiting: (() => void)[]
}

export class FairShare {
  readonly #shares: Shares
  readonly #clients = new Map<string, Client>()
  #active = 0

  constructor(shares: Shares) {
    this.#shares = shares
  }

  /** Rejects as `work` does, and at once when the client has too much waiting already. */
  async run<T>(client: string, work: () => Promise<T>): Promise<T> {
    await this.#enter(client)
    try {
      return await work()
    } finally {
      this.#leave(client)
    }
  }

  async #enter(name: string): Promise<void> {
    const { total, perClient, waitingPerClient } = this.#shares
    const client = this.#clients.get(name) ?? { active: 0, waiting: [] }
    if (this.#active < total && client.active < perClient) {
      this.#clients.set(name, client)
      client.active++
      this.#active++
      return
    }
    if (client.waiting.length >= waitingPerClient) throw new Error(`${name} asks too much at once`)
    this.#clients.set(name, client)
    // Whoever leaves counts it in.
    await new Promise<void>((resolve) => client.waiting.push(resolve))
  }

  #leave(name: string): void {
    const client = this.#clients.get(name)!
    client.active--
    this.#active--
    const next = this.#next()
    if (next !== undefined) {
      next.active++
      this.#active++
      next.waiting.shift()!()
    }
    if (client.active === 0 && client.waiting.length === 0) this.#clients.delete(name)
  }

  #next(): Client | undefined {
    let least: Client | undefined
    for (const client of this.#clients.values()) {
      if (client.waiting.length === 0 || client.active >= this.#shares.perClient) continue
      if (least === undefined || client.active < least.active) least = client
    }
    return least
  }
}
