// Pods that have a node and wait for their claims there to be bound, before they are bound themselves.

import type { KubeObject } from '@brume/api/object'
import { keyOf } from '@brume/client/resource-ref'
import type { Placed } from '@brume/scheduler/place'
import { SELECTED_NODE } from '@brume/scheduler/volumes'
import type { Waiting } from './queue.ts'

export interface VolumeWait {
  readonly waiting: Waiting
  readonly placed: Placed
  /** As they were written for this pod. */
  readonly claims: readonly KubeObject[]
  readonly untilMs: number
}

/** Kubernetes' bindTimeoutSeconds. */
export const VOLUME_TIMEOUT_MS = 600_000

export class VolumeWaits {
  /** By pod uid, in the order they came, which is that of their ends. */
  readonly #waits = new Map<string, VolumeWait>()
  /** `namespace/name` of a claim -> pod uids. */
  readonly #byClaim = new Map<string, Set<string>>()
  readonly #toLookAt = new Set<string>()

  add(wait: VolumeWait): void {
    const { uid } = wait.waiting.info
    this.#waits.set(uid, wait)
    this.#toLookAt.add(uid)
    for (const claim of wait.claims) {
      const pods = this.#byClaim.get(keyOf(claim))
      if (pods === undefined) this.#byClaim.set(keyOf(claim), new Set([uid]))
      else pods.add(uid)
    }
  }

  remove(uid: string): void {
    const wait = this.#waits.get(uid)
    if (wait === undefined) return
    this.#waits.delete(uid)
    this.#toLookAt.delete(uid)
    for (const claim of wait.claims) {
      const pods = this.#byClaim.get(keyOf(claim))
      pods?.delete(uid)
      if (pods?.size === 0) this.#byClaim.delete(keyOf(claim))
    }
  }

  /** True: someone waits for it. */
  claimChanged(claim: KubeObject): boolean {
    const pods = this.#byClaim.get(keyOf(claim))
    for (const uid of pods ?? []) this.#toLookAt.add(uid)
    return pods !== undefined
  }

  /** The next that is over, well or not; it is forgotten here. */
  take(
    nowMs: number,
    claimAt: (key: string) => KubeObject | undefined,
  ): { wait: VolumeWait; isBound: boolean } | undefined {
    for (const uid of this.#toLookAt) {
      this.#toLookAt.delete(uid)
      const wait = this.#waits.get(uid)!
      const states = wait.claims.map((written) => stateOf(written, claimAt(keyOf(written)), wait.placed.node))
      if (!states.includes('failed') && states.includes('waiting')) continue
      this.remove(uid)
      return { wait, isBound: !states.includes('failed') }
    }
    const [first] = this.#waits.values()
    if (first === undefined || first.untilMs > nowMs) return undefined
    this.remove(first.waiting.info.uid)
    return { wait: first, isBound: false }
  }

  get nextDueMs(): number | undefined {
    const [first] = this.#waits.values()
    return this.#toLookAt.size > 0 ? 0 : first?.untilMs
  }
}

/** A provisioner that cannot use the node takes the annotation away; so the pod has to be placed anew. */
function stateOf(
  written: KubeObject,
  known: KubeObject | undefined,
  node: string,
): 'bound' | 'waiting' | 'failed' {
  if (known === undefined || known.metadata.uid !== written.metadata.uid) return 'failed'
  if (known['status']?.phase === 'Bound' && known['spec'].volumeName) return 'bound'
  if (Number(known.metadata.resourceVersion) < Number(written.metadata.resourceVersion)) return 'waiting'
  const wasSelected = written.metadata.annotations?.[SELECTED_NODE] === node
  return wasSelected && known.metadata.annotations?.[SELECTED_NODE] !== node ? 'failed' : 'waiting'
}
