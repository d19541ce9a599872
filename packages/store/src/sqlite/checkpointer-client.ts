// The main thread's side of the checkpointer thread, which runs only while there is much to move: a thread costs 10 MB
// that an idle control plane does not need. What a few commits leave in the write-ahead log can stay there.

import { Worker } from 'node:worker_threads'
import type { Logger } from '@brume/base/log'
import { type CheckpointerData, COMMITS, SIGNALS, STOP } from './signals.ts'

/** Its heap holds next to nothing. */
const LIMITS = { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: 32 }

/** A few MB of write-ahead log. */
const COMMITS_WITHOUT = 256
/** Without commits for this long, the thread ends. */
const IDLE_MS = 5_000

/** After a death; without it the writer's own cap keeps the write-ahead log short. */
const RESTART_INTERVAL_MS = 10_000

export class CheckpointerClient {
  readonly #file: string
  readonly #logger: Logger
  readonly #idleMs: number
  readonly #signals = new Int32Array(new SharedArrayBuffer(SIGNALS * Int32Array.BYTES_PER_ELEMENT))
  #worker: Worker | undefined
  #commitsWithout = 0
  #notBefore = 0

  constructor(file: string, logger: Logger, idleMs = IDLE_MS) {
    this.#file = file
    this.#logger = logger
    this.#idleMs = idleMs
  }

  get isRunning(): boolean {
    return this.#worker !== undefined
  }

  /** Something was committed. */
  wake(): void {
    if (this.#worker === undefined) this.#startWhenDue()
    Atomics.add(this.#signals, COMMITS, 1)
    Atomics.notify(this.#signals, COMMITS)
  }

  async stop(): Promise<void> {
    Atomics.store(this.#signals, STOP, 1)
    const worker = this.#worker
    if (worker === undefined) return
    const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()))
    worker.ref()
    this.wake()
    Atomics.notify(this.#signals, STOP)
    await exited
  }

  #startWhenDue(): void {
    const stopping = Atomics.load(this.#signals, STOP) === 1
    if (++this.#commitsWithout < COMMITS_WITHOUT || stopping || performance.now() < this.#notBefore) return
    this.#commitsWithout = 0
    const data: CheckpointerData = { file: this.#file, signals: this.#signals, idleMs: this.#idleMs }
    const worker = new Worker(new URL('./checkpointer.ts', import.meta.url), {
      workerData: data,
      resourceLimits: LIMITS,
    })
    worker.unref()
    worker.on('error', (error) => {
      this.#notBefore = performance.now() + RESTART_INTERVAL_MS
      this.#logger.error('the checkpointer died', { error })
    })
    worker.on('exit', () => (this.#worker = undefined))
    this.#worker = worker
  }
}
