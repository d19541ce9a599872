// What may be done later than the bindings: Events. One at a time while bindings are under way, several when they rest,
// and never more than so many that wait.

import type { Logger } from '@brume/base/log'
import type { Slots } from './slots.ts'

export interface BacklogOptions {
  slots: Slots
  logger: Logger
}

const MAX_WAITING = 20_000
const AT_ONCE_WHEN_BUSY = 1
const AT_ONCE_WHEN_IDLE = 16

export class Backlog {
  readonly #options: BacklogOptions
  readonly #waiting: (() => Promise<void>)[] = []
  #running = 0
  #dropped = 0

  constructor(options: BacklogOptions) {
    this.#options = options
    options.slots.onIdle = () => this.#run()
  }

  /** `task` must not throw. Beyond the limit it is dropped, and the log says so. */
  add(task: () => Promise<void>): void {
    if (this.#waiting.length >= MAX_WAITING) {
      if (this.#dropped++ === 0) {
        this.#options.logger.warn('events about placed pods are dropped: too many wait', {
          most: MAX_WAITING,
        })
      }
      return
    }
    this.#waiting.push(task)
    this.#run()
  }

  /** What waits is not done any more. */
  clear(): void {
    this.#waiting.length = 0
  }

  #run(): void {
    const most = this.#options.slots.isIdle ? AT_ONCE_WHEN_IDLE : AT_ONCE_WHEN_BUSY
    while (this.#running < most) {
      const task = this.#waiting.shift()
      if (task === undefined) {
        this.#dropped = 0
        return
      }
      this.#running++
      void task().finally(() => {
        this.#running--
        this.#run()
      })
    }
  }
}
