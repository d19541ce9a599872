// What the agent remembers of its pods between two rounds of the worker.

import { setbackDelayMs } from './backoff.ts'
import type { Backoff, PodMemory, Setback, Verdict } from './records.ts'

interface Entry {
  setbacks: Map<string, Setback>
  backoffs: Map<string, Backoff>
  hooked: Set<string>
  replaced: Set<string>
  verdict: Verdict | undefined
}

export class Memories {
  readonly #byUid = new Map<string, Entry>()

  of(uid: string, running: ReadonlySet<string>): PodMemory {
    const { setbacks, backoffs, hooked, replaced, verdict } = this.#entry(uid)
    return { running, setbacks, backoffs, hooked, replaced, verdict }
  }

  setback(uid: string, operation: string, why: { reason: string; message: string }, now: number): Setback {
    const { setbacks } = this.#entry(uid)
    const tries = (setbacks.get(operation)?.tries ?? 0) + 1
    const setback = { ...why, tries, retryAtMs: now + setbackDelayMs(tries) }
    setbacks.set(operation, setback)
    return setback
  }

  /** What stood in the way may be gone: try again at once. */
  retryNow(uid: string): void {
    for (const [operation, setback] of this.#byUid.get(uid)?.setbacks ?? []) {
      this.#entry(uid).setbacks.set(operation, { ...setback, retryAtMs: 0 })
    }
  }

  succeeded(uid: string, operation: string): void {
    this.#byUid.get(uid)?.setbacks.delete(operation)
  }

  backoff(uid: string, container: string, backoff: Backoff): void {
    this.#entry(uid).backoffs.set(container, backoff)
  }

  hookBegins(uid: string, containerId: string): void {
    this.#entry(uid).hooked.add(containerId)
  }

  hookEnds(uid: string, containerId: string): void {
    this.#byUid.get(uid)?.hooked.delete(containerId)
  }

  replaces(uid: string, containerId: string): void {
    this.#entry(uid).replaced.add(containerId)
  }

  condemn(uid: string, verdict: Verdict): void {
    this.#entry(uid).verdict ??= verdict
  }

  forget(uid: string): void {
    this.#byUid.delete(uid)
  }

  #entry(uid: string): Entry {
    let entry = this.#byUid.get(uid)
    if (entry === undefined) {
      entry = {
        setbacks: new Map(),
        backoffs: new Map(),
        hooked: new Set(),
        replaced: new Set(),
        verdict: undefined,
      }
      this.#byUid.set(uid, entry)
    }
    return entry
  }
}
