// Requests of one priority level that wait: in queues by flow, so that a flow with many requests waits behind itself and not
// before others. Each flow has a hand of queues (shuffle sharding) and takes the shortest; queues take turns.

export interface Waiter {
  flow: string
  start(): void
}

export interface QueueLimits {
  queues: number
  handSize: number
  queueLengthLimit: number
}

export class FlowQueues {
  /** By number; only those in which somebody waits. */
  readonly #queues = new Map<number, Waiter[]>()
  /** Numbers of queues in which somebody waits, in the order of their turns. */
  readonly #turns: number[] = []
  #waiting = 0

  get waiting(): number {
    return this.#waiting
  }

  /** false: the flow's queues are full. */
  add(waiter: Waiter, limits: QueueLimits): boolean {
    const number = this.#shortest(handOf(waiter.flow, limits))
    const queue = this.#queues.get(number)
    if ((queue?.length ?? 0) >= limits.queueLengthLimit) return false
    if (queue !== undefined) queue.push(waiter)
    else {
      this.#queues.set(number, [waiter])
      this.#turns.push(number)
    }
    this.#waiting++
    return true
  }

  /** The next in turn, which waits no more. */
  next(): Waiter | undefined {
    const number = this.#turns.shift()
    if (number === undefined) return undefined
    const queue = this.#queues.get(number)!
    const waiter = queue.shift()!
    if (queue.length === 0) this.#queues.delete(number)
    else this.#turns.push(number)
    this.#waiting--
    return waiter
  }

  /** false: it waits no more. */
  remove(waiter: Waiter): boolean {
    for (const [number, queue] of this.#queues) {
      const at = queue.indexOf(waiter)
      if (at < 0) continue
      queue.splice(at, 1)
      this.#waiting--
      if (queue.length > 0) return true
      this.#queues.delete(number)
      this.#turns.splice(this.#turns.indexOf(number), 1)
      return true
    }
    return false
  }

  #shortest(hand: readonly number[]): number {
    let best = hand[0]!
    for (const number of hand) if (this.#length(number) < this.#length(best)) best = number
    return best
  }

  #length(number: number): number {
    return this.#queues.get(number)?.length ?? 0
  }
}

/**
 * Different numbers of queues, the same for the same flow: cards of a deck, dealt by the flow's hash. A deck may have ten
 * million cards: only those that have changed places are kept.
 */
export function handOf(
  flow: string,
  { queues, handSize }: Pick<QueueLimits, 'queues' | 'handSize'>,
): number[] {
  const deck = new Map<number, number>()
  const card = (at: number) => deck.get(at) ?? at
  const hand: number[] = []
  let seed = hash(flow)
  for (let i = 0; i < Math.min(handSize, queues); i++) {
    seed = scramble(seed)
    const at = i + (seed % (queues - i))
    hand.push(card(at))
    deck.set(at, card(i))
  }
  return hand
}

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193)
  return value >>> 0
}

/** The finalizer of MurmurHash3: neighbours come out far apart. */
function scramble(value: number): number {
  let mixed = (value + 0x9e3779b9) >>> 0
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return (mixed ^ (mixed >>> 16)) >>> 0
}
