// Seats: how many requests may be worked on at once, shared out to priority levels. A level always gets the seats that it does
// not lend, at once; what others lend and do not use it may borrow. Beyond that its requests wait, or are refused.
//
// Simpler than Kubernetes: every request takes one seat, and what is lent is settled request by request instead of every ten
// seconds.

import { FlowQueues, type QueueLimits, type Waiter } from './queues.ts'

export interface LevelSpec {
  name: string
  uid: string
  /** Exempt levels take no seats and never wait. */
  exempt: boolean
  shares: number
  /** Of the level's own seats, in percent, that others may use. */
  lendablePercent: number
  /** Of the level's own seats, in percent, that it may use beyond them; undefined: as many as there are. */
  borrowingLimitPercent: number | undefined
  /** undefined: what finds no seat is refused. */
  queuing: QueueLimits | undefined
}

export interface Level {
  spec: LevelSpec
  /** Own seats, those of them that are never lent, and the most that it may use. */
  nominal: number
  least: number
  most: number
  executing: number
  readonly queues: FlowQueues
}

export type Entry = 'seated' | 'waiting' | 'queue-full' | 'concurrency-limit'

export class Seats {
  readonly #total: number
  readonly #levels = new Map<string, Level>()
  #limited: Level[] = []
  #executing = 0
  #waiting = 0

  constructor(total: number) {
    this.#total = total
  }

  /** Those that are configured, and those that still have requests. */
  get levels(): Iterable<Level> {
    return this.#levels.values()
  }

  level(name: string): Level | undefined {
    return this.#levels.get(name)
  }

  /** Levels that are no longer there end with their last request. */
  configure(specs: readonly LevelSpec[]): void {
    const names = new Set(specs.map(({ name }) => name))
    for (const [name, level] of this.#levels) {
      if (names.has(name)) continue
      if (level.executing + level.queues.waiting === 0) this.#levels.delete(name)
      else Object.assign(level, { nominal: 1, least: 1, most: 1 })
    }
    const shares = specs.reduce((sum, { exempt, shares }) => sum + (exempt ? 0 : shares), 0)
    for (const spec of specs) this.#set(spec, shares)
    this.#limited = [...this.#levels.values()].filter(({ spec }) => !spec.exempt)
    this.#dispatch()
  }

  #set(spec: LevelSpec, allShares: number): void {
    const nominal = Math.ceil((this.#total * spec.shares) / Math.max(1, allShares))
    const least = nominal - Math.round((nominal * spec.lendablePercent) / 100)
    const { borrowingLimitPercent: limit } = spec
    const most = limit === undefined ? this.#total : nominal + Math.round((nominal * limit) / 100)
    const known = this.#levels.get(spec.name)
    if (known !== undefined) Object.assign(known, { spec, nominal, least, most })
    else this.#levels.set(spec.name, { spec, nominal, least, most, executing: 0, queues: new FlowQueues() })
  }

  /** `waiter` is started later when it must wait; then it may be taken back with `leave`. */
  enter(level: Level, waiter: () => Waiter): Entry {
    if (level.spec.exempt) {
      level.executing++
      return 'seated'
    }
    // Nobody overtakes those of the same level who wait.
    if (level.queues.waiting === 0 && this.#hasSeat(level)) {
      this.#seat(level)
      return 'seated'
    }
    const { queuing } = level.spec
    if (queuing === undefined) return 'concurrency-limit'
    if (!level.queues.add(waiter(), queuing)) return 'queue-full'
    this.#waiting++
    return 'waiting'
  }

  /** false: it was started already. */
  leave(level: Level, waiter: Waiter): boolean {
    if (!level.queues.remove(waiter)) return false
    this.#waiting--
    return true
  }

  release(level: Level): void {
    level.executing--
    if (level.spec.exempt) return
    this.#executing--
    if (this.#waiting > 0) this.#dispatch()
  }

  #seat(level: Level): void {
    level.executing++
    this.#executing++
  }

  #hasSeat(level: Level): boolean {
    // However few there are: each level gets on.
    if (level.executing < Math.max(1, level.least)) return true
    if (level.executing >= level.most) return false
    // What others may still take at once is kept free for them.
    let free = this.#total - this.#executing
    for (const other of this.#limited) {
      if (other !== level && other.executing < other.least) free -= other.least - other.executing
    }
    return free > 0
  }

  /** To the level that uses the least of its own, first. */
  #dispatch(): void {
    while (this.#waiting > 0) {
      let best: Level | undefined
      for (const level of this.#limited) {
        if (level.queues.waiting === 0 || !this.#hasSeat(level)) continue
        if (best === undefined || level.executing * best.nominal < best.executing * level.nominal)
          best = level
      }
      const waiter = best?.queues.next()
      if (best === undefined || waiter === undefined) return
      this.#waiting--
      this.#seat(best)
      waiter.start()
    }
  }
}
