// Who controls what: the one owner reference with `controller: true`, and the objects of one owner.

import type { KubeObject, OwnerReference } from '@brume/api/object'
import type { Clock } from '@brume/base/clock'
import { OwnWrites, type WatchedObjects } from './own-writes.ts'

export interface OwnerKind {
  apiVersion: string
  kind: string
}

const BY_CONTROLLER = 'controller'

export function controllerOf({ metadata }: KubeObject): OwnerReference | undefined {
  return metadata.ownerReferences?.find(({ controller }) => controller === true)
}

export function controllerReference(owner: KubeObject, { apiVersion, kind }: OwnerKind): OwnerReference {
  const { name = '', uid = '' } = owner.metadata
  return { apiVersion, kind, name, uid, controller: true, blockOwnerDeletion: true }
}

export function isLeaving({ metadata }: KubeObject): boolean {
  return metadata.deletionTimestamp !== undefined
}

/** Objects of one kind by who controls them, after our own writes. */
export class OwnedObjects<T extends KubeObject = KubeObject> {
  readonly #writes: OwnWrites<T>

  constructor(informer: WatchedObjects<T>, clock: Pick<Clock, 'now'>) {
    informer.addIndex(BY_CONTROLLER, controllerIndex)
    this.#writes = new OwnWrites(informer, clock)
  }

  ownedBy(uid: string): T[] {
    return this.#writes.byIndex(BY_CONTROLLER, uid, controllerIndex)
  }

  /** Those of a namespace that nobody controls. */
  orphans(namespace: string): T[] {
    return this.#writes.byIndex(BY_CONTROLLER, `/${namespace}`, controllerIndex)
  }

  get(key: string): T | undefined {
    return this.#writes.get(key)
  }

  wrote(object: T): T {
    this.#writes.wrote(object)
    return object
  }

  /** Takes the answer of a delete: the object when it lives on for now, else a Status. */
  deleted(object: T, answer: KubeObject | undefined): void {
    if (answer?.metadata?.uid === object.metadata.uid) this.#writes.wrote(answer as T)
    else this.#writes.deleted(object)
  }
}

function controllerIndex(object: KubeObject): readonly string[] {
  return [controllerOf(object)?.uid ?? `/${object.metadata.namespace ?? ''}`]
}
