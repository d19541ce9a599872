// The main thread's side of the writer thread: one batch in flight, and what happens when the thread dies.

import { setTimeout } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { assert } from '@brume/base/assert'
import { StoreError } from '../contract.ts'
import type { Batch } from '../memory/backend.ts'
import { errorOfFailure } from './errors.ts'
import { type FromWriter, pack, type ToWriter } from './protocol.ts'
import type { ReencryptProgress, ReencryptStep } from './reencrypt.ts'
import type { WriterData } from './writer.ts'

/** How often a dead writer is started again for one batch. */
const MAX_RESTARTS_PER_BATCH = 3
const RESTART_DELAY_MS = 200
/** Values are outside of the heap, so a small heap is enough. */
const LIMITS = { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 64 }

type Outcome = FromWriter | { readonly kind: 'died'; readonly error: unknown }

export class WriterClient {
  #data: WriterData
  readonly #encrypts: (key: string) => boolean
  #worker: Worker | undefined
  #last: Promise<void> | undefined
  #closed = false
  #broken: StoreError | undefined
  #settle: ((outcome: Outcome) => void) | undefined

  constructor(data: WriterData, encrypts: (key: string) => boolean) {
    this.#data = data
    this.#encrypts = encrypts
  }

  /** Starts the thread. */
  async start(): Promise<void> {
    await this.#exclusive(() => this.#start())
  }

  /** All or nothing. Rejects with StoreError 'unavailable' or 'corrupt'. */
  write(batch: Batch): Promise<void> {
    return this.#exclusive(() => this.#write(batch))
  }

  /** One step; later batches are encrypted with its keys. */
  reencrypt(step: ReencryptStep): Promise<ReencryptProgress> {
    return this.#exclusive(async () => {
      if (this.#worker === undefined) await this.#start()
      this.#data = { ...this.#data, keys: step.keys }
      const outcome = await this.#ask({ kind: 'reencrypt', ...step })
      if (outcome.kind === 'reencrypted') return outcome
      throw this.#errorOf(outcome, 're-encrypting')
    })
  }

  close(): Promise<void> {
    return this.#exclusive(async () => {
      this.#closed = true
      if (this.#worker !== undefined) await this.#ask({ kind: 'close' })
    })
  }

  /** Returns the newest revision that is durable. */
  async #start(): Promise<number> {
    if (this.#closed) throw new StoreError('closed', 'the store is closed')
    const worker = new Worker(new URL('./writer.ts', import.meta.url), {
      workerData: this.#data,
      resourceLimits: LIMITS,
    })
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
    throw this.#errorOf(outcome, 'opening')
  }

  async #write(batch: Batch): Promise<void> {
    if (this.#broken !== undefined) throw this.#broken
    let uncertain = false
    for (let restarts = 0; restarts <= MAX_RESTARTS_PER_BATCH; restarts++) {
      if (this.#worker === undefined) {
        const durable = await this.#restart(uncertain)
        if (durable === undefined) continue
        // Whether a thread that died had committed the batch is written in the log itself.
        const last = batch.writes.at(-1)?.event.revision
        if (last !== undefined && last <= durable) return
      }
      const packed = pack(batch, this.#encrypts)
      const outcome = await this.#ask(packed, [packed.memory])
      if (outcome.kind === 'written') return
      if (outcome.kind !== 'died') throw this.#errorOf(outcome, 'writing')
      uncertain = true
    }
    // To go on would be to build on a state that may not be the one in the file.
    const why = `the writer of ${this.#data.file} keeps dying; start Brume again to find what it has written`
    this.#broken = new StoreError('unavailable', why)
    throw this.#broken
  }

  /** The newest durable revision; undefined: it did not start, and another try is due because a batch is uncertain. */
  async #restart(uncertain: boolean): Promise<number | undefined> {
    try {
      return await this.#start()
    } catch (error) {
      if (!uncertain) throw error
      await setTimeout(RESTART_DELAY_MS)
      return undefined
    }
  }

  #ask(message: ToWriter, handOver: ArrayBuffer[] = []): Promise<Outcome> {
    const worker = this.#worker
    assert(worker !== undefined, 'the writer was started')
    const outcome = this.#outcome(worker)
    worker.postMessage(message, handOver)
    return outcome
  }

  /** The writer does one thing at a time. */
  async #exclusive<T>(action: () => Promise<T>): Promise<T> {
    const before = this.#last
    let done = () => {}
    this.#last = new Promise<void>((resolve) => {
      done = resolve
    })
    await before
    try {
      return await action()
    } finally {
      done()
    }
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

  #errorOf(outcome: Outcome, doing: string): StoreError {
    if (outcome.kind === 'failed') return errorOfFailure(outcome.failure, doing, this.#data.file)
    const cause = outcome.kind === 'died' ? outcome.error : undefined
    return new StoreError('unavailable', `the writer of ${this.#data.file} does not run`, { cause })
  }
}
