// What the tests of workload controllers share: pods in every state, and a store that is told of changes late.

import type { KubeObject } from '@brume/api/object'
import type { SeededRandom } from '@brume/base/seeded-random'
import { deepFreeze } from '@brume/base/values'
import type { InformerHandler } from '@brume/client/informer'
import { InformerStore } from '@brume/client/informer-store'
import { keyOf } from '@brume/client/resource-ref'

export const NOW = Date.UTC(2026, 0, 1)
export const at = (ms: number) => `${new Date(NOW + ms).toISOString().slice(0, 19)}Z`

export interface PodOptions {
  name?: string
  labels?: Record<string, string>
  owner?: KubeObject
  phase?: string
  /** Ready since this many seconds. */
  readySeconds?: number
  ageSeconds?: number
  node?: string
  cost?: string
  restarts?: number
  leaving?: boolean
}

let sequence = 0

/** Running and ready for an hour, unless said otherwise. */
export function pod(options: PodOptions = {}): KubeObject {
  const { name = `p${++sequence}`, labels = { app: 'a' }, owner, phase = 'Running', node = 'n1' } = options
  const {
    readySeconds = phase === 'Running' ? 3600 : -1,
    ageSeconds = 7200,
    cost,
    restarts = 0,
    leaving,
  } = options
  const ready = {
    type: 'Ready',
    status: readySeconds >= 0 ? 'True' : 'False',
    lastTransitionTime: at(-readySeconds * 1000),
  }
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: 'ns',
      uid: `uid-${name}`,
      labels,
      creationTimestamp: at(-ageSeconds * 1000),
      ...(owner === undefined ? {} : { ownerReferences: [reference(owner)] }),
      ...(cost === undefined ? {} : { annotations: { 'controller.kubernetes.io/pod-deletion-cost': cost } }),
      ...(leaving ? { deletionTimestamp: at(0) } : {}),
    },
    spec: node === '' ? {} : { nodeName: node },
    status: { phase, conditions: [ready], containerStatuses: [{ restartCount: restarts }] },
  }
}

export function reference({ apiVersion, kind, metadata }: KubeObject) {
  return {
    apiVersion,
    kind,
    name: metadata.name!,
    uid: metadata.uid!,
    controller: true,
    blockOwnerDeletion: true,
  }
}

/** A collection that changes at once, and a watch of it that tells later: what an informer of a busy server sees. */
export class LateWatch {
  readonly server = new Map<string, KubeObject>()
  readonly store = new InformerStore<KubeObject>()
  readonly #handlers = new Set<InformerHandler<KubeObject>>()
  readonly #events: { type: 'put' | 'delete'; object: KubeObject }[] = []
  #revision = 0

  addHandler(handler: InformerHandler<KubeObject>): () => void {
    this.#handlers.add(handler)
    return () => this.#handlers.delete(handler)
  }

  addIndex(name: string, of: (object: KubeObject) => readonly string[]): void {
    this.store.addIndex(name, of)
  }

  get behind(): number {
    return this.#events.length
  }

  put(object: KubeObject): KubeObject {
    const metadata = { ...object.metadata, resourceVersion: String(++this.#revision) }
    const stored = deepFreeze({ ...object, metadata })
    this.server.set(keyOf(stored), stored)
    this.#events.push({ type: 'put', object: stored })
    return stored
  }

  remove(key: string): void {
    const object = this.server.get(key)
    if (object === undefined) return
    this.server.delete(key)
    const metadata = { ...object.metadata, resourceVersion: String(++this.#revision) }
    this.#events.push({ type: 'delete', object: { ...object, metadata } })
  }

  /** The watch tells of the next `count` changes. */
  deliver(count: number): void {
    for (const { type, object } of this.#events.splice(0, count)) {
      if (type === 'put') {
        const previous = this.store.put(object)
        for (const handler of this.#handlers) {
          if (previous === undefined) handler.add?.(object)
          else handler.update?.(object, previous)
        }
      } else {
        this.store.delete(keyOf(object))
        for (const handler of this.#handlers) handler.delete?.(object)
      }
    }
  }

  deliverSome(random: SeededRandom): void {
    this.deliver(random.below(this.behind + 1))
  }
}
