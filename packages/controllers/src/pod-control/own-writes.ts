// Reading one's own writes through an informer that may be behind: what a controller has written is laid over what the
// informer knows until the informer has come past that revision. So nothing is created twice because a watch is slow.

import type { KubeObject } from '@brume/api/object'
import type { Clock } from '@brume/base/clock'
import { deepFreeze } from '@brume/base/values'
import type { Informer } from '@brume/client/informer'
import { keyOf } from '@brume/client/resource-ref'

interface Written<T> {
  /** undefined: it was deleted at once. */
  object: T | undefined
  revision: bigint
  at: number
}

/** What is needed of an informer. */
export type WatchedObjects<T extends KubeObject> = Pick<Informer<T>, 'store' | 'addHandler' | 'addIndex'>

/** Kubernetes' limit of expectations: what no watch has shown by then is no longer believed. */
const BELIEVED_MS = 5 * 60_000

/** Lists in which an object counts only where its index value says so (see owner.ts). */
export class OwnWrites<T extends KubeObject> {
  readonly #informer: WatchedObjects<T>
  readonly #clock: Pick<Clock, 'now'>
  readonly #written = new Map<string, Written<T>>()
  #seen = 0n

  constructor(informer: WatchedObjects<T>, clock: Pick<Clock, 'now'>) {
    this.#informer = informer
    this.#clock = clock
    const see = ({ metadata }: T) => {
      const revision = revisionOf(metadata.resourceVersion)
      if (revision > this.#seen) this.#seen = revision
    }
    const gone = (object: T) => {
      see(object)
      this.#written.delete(object.metadata.uid!)
    }
    informer.addHandler({ add: see, update: see, delete: gone })
  }

  /** The answer of a create, update, patch, or a delete that leaves the object in place for now. */
  wrote(object: T): void {
    const revision = revisionOf(object.metadata.resourceVersion)
    const known = this.#written.get(object.metadata.uid!)
    if (known !== undefined && (known.object === undefined || known.revision > revision)) return
    this.#written.set(object.metadata.uid!, { object: deepFreeze(object), revision, at: this.#clock.now() })
  }

  /** The object is gone, whatever the informer still shows or has yet to show. */
  deleted(object: T): void {
    const uid = object.metadata.uid!
    const known = this.#informer.store.getByKey(keyOf(object))?.metadata.uid === uid
    const unseen = (this.#written.get(uid)?.revision ?? 0n) > this.#seen
    if (!known && !unseen) this.#written.delete(uid)
    else this.#written.set(uid, { object: undefined, revision: 0n, at: this.#clock.now() })
  }

  /** The objects of an index value as they are after our own writes. */
  byIndex(index: string, value: string, indexOf: (object: T) => readonly string[]): T[] {
    const known = this.#informer.store.byIndex(index, value)
    this.#forget()
    if (this.#written.size === 0) return known
    const result: T[] = []
    const listed = new Set<string>()
    for (const object of known) {
      listed.add(object.metadata.uid!)
      const latest = this.#latest(object)
      if (latest !== undefined && indexOf(latest).includes(value)) result.push(latest)
    }
    for (const [uid, { object }] of this.#written) {
      if (object === undefined || listed.has(uid) || !indexOf(object).includes(value)) continue
      if (this.#latest(object) === object) result.push(object)
    }
    return result
  }

  get(key: string): T | undefined {
    this.#forget()
    const known = this.#informer.store.getByKey(key)
    const latest = known && this.#latest(known)
    if (latest !== undefined) return latest
    for (const { object } of this.#written.values()) {
      if (object !== undefined && keyOf(object) === key) return object
    }
    return undefined
  }

  #latest(object: T): T | undefined {
    const written = this.#written.get(object.metadata.uid!)
    if (written === undefined) return object
    if (written.object === undefined) return undefined
    const known = this.#informer.store.getByKey(keyOf(object))
    const newer =
      known?.metadata.uid === object.metadata.uid &&
      revisionOf(known?.metadata.resourceVersion) > written.revision
    return newer ? known : written.object
  }

  #forget(): void {
    const oldest = this.#clock.now() - BELIEVED_MS
    for (const [uid, { object, revision, at }] of this.#written) {
      if ((object !== undefined && revision <= this.#seen) || at < oldest) this.#written.delete(uid)
    }
  }
}

/** Revisions are compared as numbers, which Kubernetes' own storage allows. One that is no number counts as old. */
function revisionOf(resourceVersion: string | undefined): bigint {
  return resourceVersion !== undefined && /^\d+$/.test(resourceVersion) ? BigInt(resourceVersion) : 0n
}
