// Whose pods the addresses of this node are: by the namespace of who asks, zones answer differently. A pod is known here
// before its first container begins.

import type { KubeObject } from '@brume/api/object'
import { listOf } from '@brume/api/validate/json'
import type { Informer } from '@brume/client/informer'

const OVER: ReadonlySet<string> = new Set(['Succeeded', 'Failed'])

export class Askers {
  readonly #namespaces = new Map<string, string>()
  /** Address -> UID of its pod. */
  readonly #uids = new Map<string, string>()
  readonly #stop: () => void

  /** Pods of this node. */
  constructor(pods: Informer) {
    const known = (pod: KubeObject) => this.#pod(pod)
    this.#stop = pods.addHandler({ add: known, update: known, delete: (pod) => this.#gone(pod, true) })
  }

  /** The pod has these addresses from now on, whoever had them before. */
  has(uid: string, addresses: readonly string[]): void {
    for (const address of addresses) this.#uids.set(address, uid)
  }

  namespaceOf(address: string): string | undefined {
    const uid = this.#uids.get(address)
    return uid === undefined ? undefined : this.#namespaces.get(uid)
  }

  stop(): void {
    this.#stop()
  }

  #pod(pod: KubeObject): void {
    const { uid = '', namespace = '' } = pod.metadata
    this.#namespaces.set(uid, namespace)
    if (pod['spec'].hostNetwork === true) return
    if (OVER.has(pod['status']?.phase)) {
      this.#gone(pod, false)
      return
    }
    for (const { ip } of listOf(pod['status']?.podIPs)) {
      const owner = this.#uids.get(ip)
      // What a status says may be older than what the node knows.
      if (owner === undefined || !this.#namespaces.has(owner)) this.#uids.set(ip, uid)
    }
  }

  #gone({ metadata }: KubeObject, isDeleted: boolean): void {
    const { uid = '' } = metadata
    if (isDeleted) this.#namespaces.delete(uid)
    for (const [address, owner] of this.#uids) if (owner === uid) this.#uids.delete(address)
  }
}
