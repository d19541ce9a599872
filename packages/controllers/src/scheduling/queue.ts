// Pods that wait for a node: the most important first. One that fits nowhere is put aside until something happens that
// can help it, and never tried again before its back-off is over.

import type { KubeObject } from '@brume/api/object'
import { DelayHeap } from '@brume/client/delay-heap'
import type { PodInfo } from '@brume/scheduler/pod-info'

/** What can help a pod that fits nowhere. */
export type WakeEvent = 'node' | 'podCame' | 'podGone' | 'volume'

export interface Waiting {
  info: PodInfo
  attempts: number
  lastAttemptMs: number
  state: 'active' | 'backoff' | 'aside' | 'taken'
  helpedBy: ReadonlySet<WakeEvent>
}

const BACKOFF_FIRST_MS = 1_000
const BACKOFF_MOST_MS = 10_000
/** However little happens: something may have been missed. */
const ASIDE_MOST_MS = 300_000
const NOTHING: ReadonlySet<WakeEvent> = new Set()

export class SchedulingQueue {
  /** By uid. */
  readonly #pods = new Map<string, Waiting>()
  /** Priority -> uids in the order they came. */
  readonly #active = new Map<number, Set<string>>()
  readonly #backoff = new DelayHeap()
  readonly #aside = new DelayHeap()

  get size(): number {
    return this.#pods.size
  }

  has(uid: string): boolean {
    return this.#pods.has(uid)
  }

  /** A new pod, or one that its owner changed: it is tried at once. */
  put(info: PodInfo): void {
    const known = this.#pods.get(info.uid)
    if (known?.state === 'active') this.#leave(known)
    const pod = { info, attempts: known?.attempts ?? 0, lastAttemptMs: 0, helpedBy: NOTHING }
    this.#activate(this.#set({ ...pod, state: 'active' }))
  }

  /** The pod changed in ways that placement does not look at (its status). */
  refresh(pod: KubeObject): void {
    const known = this.#pods.get(pod.metadata.uid!)
    if (known !== undefined) known.info = { ...known.info, pod }
  }

  remove(uid: string): void {
    const known = this.#pods.get(uid)
    if (known === undefined) return
    this.#leave(known)
    this.#pods.delete(uid)
  }

  /** The next pod to place; it stays known until it is removed, set aside or tried again. */
  take(nowMs: number): Waiting | undefined {
    this.#wakeDue(nowMs)
    if (this.#active.size === 0) return undefined
    const highest = Math.max(...this.#active.keys())
    const [uid] = this.#active.get(highest)!
    const pod = this.#pods.get(uid!)!
    this.#leave(pod)
    pod.state = 'taken'
    pod.attempts++
    pod.lastAttemptMs = nowMs
    return pod
  }

  /** It fits nowhere. Does nothing when the pod was removed or changed meanwhile. */
  setAside(pod: Waiting, helpedBy: ReadonlySet<WakeEvent>): void {
    if (this.#pods.get(pod.info.uid) !== pod || pod.state !== 'taken') return
    pod.state = 'aside'
    pod.helpedBy = helpedBy
    this.#aside.add(pod.info.uid, pod.lastAttemptMs + ASIDE_MOST_MS)
  }

  /** An attempt failed for no reason of the pod's: again after its back-off. */
  retry(pod: Waiting): void {
    if (this.#pods.get(pod.info.uid) !== pod || pod.state !== 'taken') return
    pod.state = 'backoff'
    this.#backoff.add(pod.info.uid, pod.lastAttemptMs + backoffMs(pod.attempts))
  }

  /** Something happened: those that it can help are tried again. True: there is one. */
  wake(event: WakeEvent): boolean {
    let woken = false
    for (const pod of this.#pods.values()) {
      if (pod.state !== 'aside' || !pod.helpedBy.has(event)) continue
      pod.state = 'backoff'
      this.#backoff.add(pod.info.uid, pod.lastAttemptMs + backoffMs(pod.attempts))
      woken = true
    }
    return woken
  }

  /** When `take` gives a pod at the soonest; undefined: not before something happens. */
  nextDueMs(nowMs: number): number | undefined {
    if (this.#active.size > 0) return nowMs
    const due = [this.#backoff.nextDueAt, this.#aside.nextDueAt].filter((at) => at !== undefined)
    return due.length === 0 ? undefined : Math.min(...due)
  }

  #wakeDue(nowMs: number): void {
    for (const heap of [this.#backoff, this.#aside]) {
      for (let uid = heap.takeDue(nowMs); uid !== undefined; uid = heap.takeDue(nowMs)) {
        const pod = this.#pods.get(uid)
        const state = heap === this.#backoff ? 'backoff' : 'aside'
        if (pod?.state === state) this.#activate(pod)
      }
    }
  }

  #activate(pod: Waiting): void {
    pod.state = 'active'
    const { uid, priority } = pod.info
    const equals = this.#active.get(priority)
    if (equals === undefined) this.#active.set(priority, new Set([uid]))
    else equals.add(uid)
  }

  #leave({ info: { uid, priority } }: Waiting): void {
    const equals = this.#active.get(priority)
    equals?.delete(uid)
    if (equals?.size === 0) this.#active.delete(priority)
  }

  #set(pod: Waiting): Waiting {
    this.#pods.set(pod.info.uid, pod)
    return pod
  }
}

function backoffMs(attempts: number): number {
  return Math.min(BACKOFF_FIRST_MS * 2 ** (attempts - 1), BACKOFF_MOST_MS)
}
