// The main thread's side of the checkpointer thread.

import { Worker } from 'node:worker_threads'
import type { Logger } from '@brume/base/log'
import { type CheckpointerData, COMMITS, SIGNALS, STOP } from './signals.ts'

/** Its heap holds next to nothing. */
const LIMITS = { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: 32 }

/** Without it the writer's own cap keeps the write-ahead log short. */
const RESTART_INTERVAL_MS = 10_000

export class CheckpointerClient {
  readonly #file: string
  readonly #logger: Logger
  readonly #signals = new Int32Array(new SharedArrayBuffer(SIGNALS * Int32Array.BYTES_PER_ELEMENT))
  #worker: Worker | undefined
  #notBefore = 0

  constructor(file: string, logger: Logger) {
    this.#file = file
    this.#logger = logger
  }

  start(): void {
    this.#notBefore = performance.now() + RESTART_INTERVAL_MS
    const data: CheckpointerData = { file: this.#file, signals: this.#signals }
    const worker = new Worker(new URL('./checkpointer.ts', import.meta.url), {
      workerData: data,
      resourceLimits: LIMITS,
    })
    worker.unref()
    worker.on('error', (error) => this.#logger.error('the checkpointer died', { error }))
    worker.on('exit', () => (this.#worker = undefined))
    this.#worker = worker
  }

  /** Something was committed. A checkpointer that died is started again, but not all the time. */
  wake(): void {
    const stopping = Atomics.load(this.#signals, STOP) === 1
    if (this.#worker === undefined && !stopping && performance.now() > this.#notBefore) this.start()
    Atomics.add(this.#signals, COMMITS, 1)
    Atomics.notify(this.#signals, COMMITS)
  }

  async stop(): Promise<void> {
    const worker = this.#worker
    if (worker === undefined) return
    const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()))
    worker.ref()
    Atomics.store(this.#signals, STOP, 1)
    this.wake()
    Atomics.notify(this.#signals, STOP)
    await exited
  }
}
