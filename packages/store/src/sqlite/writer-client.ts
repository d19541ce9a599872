// The main thread's side of the writer thread: one batch in flight, and what happens when the thread dies.

import { Worker } from 'node:worker_threads'
import { assert } from '@brume/base/assert'
import { StoreError } from '../contract.ts'
import type { Batch } from '../memory/backend.ts'
import { errorOfFailure } from './errors.ts'
import { type FromWriter, pack, type ToWriter } from './protocol.ts'
import type { WriterData } from './writer.ts'

/** How often a dead writer is started again for one batch. */
const MAX_RESTARTS_PER_BATCH = 3

type Outcome = FromWriter | { readonly kind: 'died'; readonly error: unknown }

export class WriterClient {
  readonly #data: WriterData
  readonly #encrypts: (key: string) => boolean
  #worker: Worker | undefined
  #settle: ((outcome: Outcome) => void) | undefined

  constructor(data: WriterData, encrypts: (key: string) => boolean) {
    this.#data = data
    this.#encrypts = encrypts
  }

  /** Starts the thread; returns the newest revision that is durable. */
  async start(): Promise<number> {
    const worker = new Worker(new URL('./writer.ts', import.meta.url), { workerData: this.#data })
    worker.unref()
    this.#worker = worker
    let died: unknown
    worker.on('message', (message: FromWriter) => this.#answer(message))
    worker.on('error', (error) => {
      died = error
    })
    worker.on('exit', (code) => {
      if (this.#worker !== worker) return
      this.#worker = undefined
      this.#answer({ kind: 'died', error: died ?? new Error(`the writer thread exited with ${code}`) })
    })
    const outcome = await this.#outcome(worker)
    if (outcome.kind === 'ready') return outcome.revision
    throw this.#errorOf(outcome)
  }

  async write(batch: Batch): Promise<void> {
    for (let restarts = 0; ; restarts++) {
      if (this.#worker === undefined) {
        // The thread died. Whether it had committed the batch is written in the log itself.
        const durable = await this.start()
        const last = batch.writes.at(-1)?.event.revision
        if (last !== undefined && last <= durable) return
      }
      const outcome = await this.#post(batch)
      if (outcome.kind === 'written') return
      if (outcome.kind !== 'died' || restarts >= MAX_RESTARTS_PER_BATCH) throw this.#errorOf(outcome)
    }
  }

  async close(): Promise<void> {
    const worker = this.#worker
    if (worker === undefined) return
    const outcome = this.#outcome(worker)
    worker.postMessage({ kind: 'close' } satisfies ToWriter)
    await outcome
  }

  #post(batch: Batch): Promise<Outcome> {
    const worker = this.#worker
    assert(worker !== undefined, 'the writer was started')
    const packed = pack(batch, this.#encrypts)
    const outcome = this.#outcome(worker)
    worker.postMessage(packed, [packed.numbers.buffer, packed.bytes.buffer, packed.forget.buffer])
    return outcome
  }

  /** The next message, or the thread's death. The process stays alive for it. */
  #outcome(worker: Worker): Promise<Outcome> {
    assert(this.#settle === undefined, 'the writer does one thing at a time')
    worker.ref()
    return new Promise((resolve) => (this.#settle = resolve))
  }

  #answer(outcome: Outcome): void {
    const settle = this.#settle
    this.#settle = undefined
    this.#worker?.unref()
    settle?.(outcome)
  }

  #errorOf(outcome: Outcome): StoreError {
    if (outcome.kind === 'failed') return errorOfFailure(outcome.failure, 'writing', this.#data.file)
    const cause = outcome.kind === 'died' ? outcome.error : undefined
    return new StoreError('unavailable', `the writer of ${this.#data.file} does not run`, { cause })
  }
}
