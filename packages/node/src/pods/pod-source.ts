// The pods of this node by UID, as new as anything knows them: an answer to the agent's own write counts at once,
// before the watch brings it.

import type { Source } from '@brume/client/controller'
import type { Informer } from '@brume/client/informer'
import type { Pod } from '../contract.ts'

export class PodSource {
  readonly #informer: Informer<Pod>
  readonly #byUid = new Map<string, Pod>()

  constructor(informer: Informer<Pod>) {
    this.#informer = informer
  }

  get(uid: string): Pod | undefined {
    return this.#byUid.get(uid)
  }

  all(): Iterable<Pod> {
    return this.#byUid.values()
  }

  /** What the API server answered to a write. */
  saw(pod: Pod): void {
    const uid = pod.metadata.uid ?? ''
    const known = this.#byUid.get(uid)
    if (known !== undefined && newer(pod, known)) this.#byUid.set(uid, pod)
  }

  /** `onPod` with each pod that has changed, `onGone` with one that is no more. */
  source(onPod: (pod: Pod) => void, onGone: (uid: string) => void): Source {
    const gone = (uid: string) => {
      this.#byUid.delete(uid)
      onGone(uid)
    }
    const each = (pod: Pod, previous?: Pod) => {
      const uid = pod.metadata.uid ?? ''
      const before = previous?.metadata.uid ?? uid
      if (before !== uid) gone(before)
      const known = this.#byUid.get(uid)
      // Of the agent's own write nothing follows that was not decided with it.
      if (known?.metadata.resourceVersion === pod.metadata.resourceVersion) return
      if (known === undefined || newer(pod, known)) this.#byUid.set(uid, pod)
      onPod(pod)
    }
    return {
      start: () =>
        this.#informer.addHandler({ add: each, update: each, delete: (pod) => gone(pod.metadata.uid ?? '') }),
      synced: () => this.#informer.synced(),
    }
  }
}

function newer(a: Pod, b: Pod): boolean {
  return Number(a.metadata.resourceVersion ?? 0) >= Number(b.metadata.resourceVersion ?? 0)
}
