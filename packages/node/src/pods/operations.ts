// What runs beside the pod worker: at most one operation of a name for each pod. The worker is woken when one ends.

import { assert } from '@brume/base/assert'

export type OperationEnd = (uid: string, name: string, error: unknown) => void

/** `signal` says that the result is not wanted any more: nothing new may be begun. */
export type Operation = (signal: AbortSignal) => Promise<void>

export class Operations {
  readonly #byPod = new Map<string, Map<string, AbortController>>()
  readonly #onEnd: OperationEnd
  readonly #open = new Set<Promise<void>>()

  constructor(onEnd: OperationEnd) {
    this.#onEnd = onEnd
  }

  running(uid: string): ReadonlySet<string> {
    return new Set(this.#byPod.get(uid)?.keys())
  }

  start(uid: string, name: string, operation: Operation): void {
    const all = this.#byPod.get(uid) ?? new Map<string, AbortController>()
    assert(!all.has(name), `${name} of pod ${uid} is under way already`)
    const controller = new AbortController()
    all.set(name, controller)
    this.#byPod.set(uid, all)
    const run = this.#run(uid, name, { operation, controller })
    this.#open.add(run)
    void run.then(() => this.#open.delete(run))
  }

  /** Those whose name begins so are not wanted any more. They count as running until they have noticed. */
  cancel(uid: string, ...prefixes: string[]): void {
    for (const [name, controller] of this.#byPod.get(uid) ?? []) {
      if (prefixes.some((prefix) => name.startsWith(prefix))) controller.abort()
    }
  }

  /** Cancels all, and resolves when they have ended or after `limitMs`. */
  async stop(limitMs: number): Promise<void> {
    for (const uid of this.#byPod.keys()) this.cancel(uid, '')
    const limit = new Promise<void>((resolve) => setTimeout(resolve, limitMs).unref())
    await Promise.race([Promise.allSettled(this.#open), limit])
  }

  async #run(
    uid: string,
    name: string,
    { operation, controller }: { operation: Operation; controller: AbortController },
  ): Promise<void> {
    let failure: unknown
    try {
      await operation(controller.signal)
    } catch (error) {
      failure = error ?? new Error('failed without a reason')
    }
    const all = this.#byPod.get(uid)
    all?.delete(name)
    if (all?.size === 0) this.#byPod.delete(uid)
    // Nobody is to hear why something that was given up did not succeed.
    this.#onEnd(uid, name, controller.signal.aborted ? undefined : failure)
  }
}

/** The promise's end, or the signal's, whichever comes first: for waiting that may be given up. */
export function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason)
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
