// The ConfigMaps and Secrets of this node's pods: each one is watched by itself, by its name, as long as a pod refers to
// it. The node may read no others, and holds no others.

import type { KubeObject } from '@brume/api/object'
import { isStatus } from '@brume/base/errors'
import { CONFIG_MAPS, SECRETS } from '@brume/client/builtin'
import { Informer } from '@brume/client/informer'
import type { NodeContext, ObjectSource, Pod } from '../contract.ts'
import { type ObjectReference, podReferences, referenceKey } from './references.ts'

type Context = Pick<NodeContext, 'client' | 'clock' | 'logger'>

interface Watched {
  reference: ObjectReference
  pods: Set<string>
  /** undefined: it is immutable, and was read. */
  informer: Informer | undefined
  /** What was read last, from either side. */
  object: KubeObject | undefined
}

const ENDED = ['Succeeded', 'Failed']
const REFS = { ConfigMap: CONFIG_MAPS, Secret: SECRETS }

export class WatchedObjects implements ObjectSource {
  readonly #context: Context
  readonly #random: () => number
  readonly #watched = new Map<string, Watched>()
  readonly #keysOfPod = new Map<string, Set<string>>()
  readonly #listeners = new Set<(podUid: string) => void>()

  constructor(context: Context, random: () => number = Math.random) {
    this.#context = context
    this.#random = random
  }

  async get(kind: ObjectReference['kind'], namespace: string, name: string): Promise<KubeObject | undefined> {
    const watched = this.#watched.get(referenceKey({ kind, namespace, name }))
    if (watched?.informer === undefined && watched?.object !== undefined) return watched.object
    if (watched?.informer?.hasSynced === true) return watched.informer.store.get(namespace, name)
    // The first one who asks does not wait for the watch.
    const object = await this.#read(kind, namespace, name)
    if (watched !== undefined) {
      watched.object = object
      if (object?.['immutable'] === true) this.#freeze(watched, object)
    }
    return object
  }

  onChange(fn: (podUid: string) => void): () => void {
    this.#listeners.add(fn)
    return () => this.#listeners.delete(fn)
  }

  /** A pod that has come to its end needs nothing any more. */
  register(pod: Pod): void {
    const uid = pod.metadata.uid ?? ''
    if (ENDED.includes(pod['status']?.phase)) {
      this.unregister(uid)
      return
    }
    const before = this.#keysOfPod.get(uid) ?? new Set()
    const references = podReferences(pod)
    for (const [key, reference] of references) {
      if (!before.has(key)) this.#watch(key, reference).pods.add(uid)
    }
    for (const key of before) if (!references.has(key)) this.#release(key, uid)
    if (references.size === 0) this.#keysOfPod.delete(uid)
    else this.#keysOfPod.set(uid, new Set(references.keys()))
  }

  unregister(podUid: string): void {
    for (const key of this.#keysOfPod.get(podUid) ?? []) this.#release(key, podUid)
    this.#keysOfPod.delete(podUid)
  }

  /** Ends all watches. */
  async stop(): Promise<void> {
    const informers = [...this.#watched.values()].map(({ informer }) => informer)
    this.#watched.clear()
    this.#keysOfPod.clear()
    await Promise.all(informers.map((informer) => informer?.stop()))
  }

  #watch(key: string, reference: ObjectReference): Watched {
    const known = this.#watched.get(key)
    if (known !== undefined) return known
    const { client, clock, logger } = this.#context
    const { kind, namespace, name } = reference
    const informer = new Informer({
      resource: client.resource(REFS[kind]),
      namespace,
      fieldSelector: `metadata.name=${name}`,
      clock,
      random: this.#random,
      logger,
    })
    const watched: Watched = { reference, pods: new Set(), informer, object: undefined }
    this.#watched.set(key, watched)
    informer.addHandler({
      add: (object) => this.#seen(watched, object),
      update: (object) => this.#seen(watched, object),
      delete: () => this.#seen(watched, undefined),
    })
    informer.start()
    return watched
  }

  /** What was read already is no news; the first sight of it is: the pod may be one of an agent before this one. */
  #seen(watched: Watched, object: KubeObject | undefined): void {
    const before = watched.object
    watched.object = object
    if (object?.['immutable'] === true) this.#freeze(watched, object)
    const { uid, resourceVersion } = object?.metadata ?? {}
    const same = before?.metadata.uid === uid && before?.metadata.resourceVersion === resourceVersion
    if (same) return
    for (const pod of watched.pods) for (const listener of this.#listeners) listener(pod)
  }

  /** It never changes: there is nothing to watch any more. */
  #freeze(watched: Watched, object: KubeObject): void {
    watched.object = object
    const { informer } = watched
    watched.informer = undefined
    void informer?.stop()
  }

  #release(key: string, podUid: string): void {
    const watched = this.#watched.get(key)
    if (watched === undefined) return
    watched.pods.delete(podUid)
    if (watched.pods.size > 0) return
    this.#watched.delete(key)
    void watched.informer?.stop()
  }

  async #read(
    kind: ObjectReference['kind'],
    namespace: string,
    name: string,
  ): Promise<KubeObject | undefined> {
    try {
      return await this.#context.client.resource(REFS[kind]).get({ namespace, name })
    } catch (error) {
      if (isStatus(error, 'NotFound')) return undefined
      throw error
    }
  }
}
