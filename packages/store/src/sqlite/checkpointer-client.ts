// The main thread's side of the checkpointer thread.

import { Worker } from 'node:worker_threads'
import type { Logger } from '@brume/base/log'
import { type CheckpointerData, COMMITS, SIGNALS, STOP } from './signals.ts'

/** Its heap holds next to nothing. */
const LIMITS = { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: 32 }

export class CheckpointerClient {
  readonly #file: string
  readonly #logger: Logger
  readonly #signals = new Int32Array(new SharedArrayBuffer(SIGNALS * Int32Array.BYTES_PER_ELEMENT))
  #worker: Worker | undefined

  constructor(file: string, logger: Logger) {
    this.#file = file
    this.#logger = logger
  }

  start(): void {
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

  /** Something was committed. A checkpointer that died is started again. */
  wake(): void {
    if (this.#worker === undefined && Atomics.load(this.#signals, STOP) === 0) this.start()
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
