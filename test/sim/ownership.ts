// Who owns whom, from the store itself: which deletions may happen, and which must.

import type { KubeObject } from '@brume/api/object'
import type { Store, StoreEvent } from '@brume/store/contract'

const WATCHED = ['configmaps/', 'secrets/', 'namespaces/']

export class Ownership {
  /** What exists now, by uid. */
  readonly #objects = new Map<string, KubeObject>()
  readonly #wanted = new Set<string>()
  /** Namespaces of these names were there before. A late call to empty the old one empties the new one, as in Kubernetes. */
  readonly #formerNamespaces = new Set<string>()
  /** Owners whose deletion began in the foreground, also when somebody asked for another way since. */
  readonly #foreground = new Set<string>()
  readonly violations: string[] = []
  /** Objects that nobody but a controller wanted gone, and that are. */
  collected = 0

  constructor(store: Store) {
    for (const prefix of WATCHED) {
      const onEvents = (events: readonly StoreEvent[]) => {
        for (const event of events) this.#take(event)
      }
      store.watch({ prefix, after: store.revision, onEvents })
    }
  }

  /** A user asks for this deletion. */
  wanted(uid: string): void {
    this.#wanted.add(uid)
  }

  objectsIn(namespace: string): KubeObject[] {
    return [...this.#objects.values()].filter(({ metadata }) => metadata.namespace === namespace)
  }

  /** What must not stay: objects that are being deleted, and objects all of whose owners are gone. */
  leftovers(): string[] {
    return [...this.#objects.values()].filter((object) => this.#mustGo(object)).map(text)
  }

  #take({ type, entry, previous }: StoreEvent): void {
    const object = JSON.parse(entry.value.toString()) as KubeObject
    const before = previous && (JSON.parse(previous.value.toString()) as KubeObject)
    const uid = object.metadata.uid!
    const began =
      object.metadata.deletionTimestamp !== undefined && before?.metadata.deletionTimestamp === undefined
    const ended = type === 'delete' && before?.metadata.deletionTimestamp === undefined
    if (began || ended) this.#judge(before ?? object)
    if (type === 'delete' && object.kind === 'Namespace') this.#formerNamespaces.add(object.metadata.name!)
    if (type === 'delete') this.#objects.delete(uid)
    else this.#objects.set(uid, object)
    if (waitsForDependents(object)) this.#foreground.add(uid)
  }

  /** A deletion begins: either somebody asked for it, or no owner holds the object any more. */
  #judge(object: KubeObject): void {
    const { uid, namespace, ownerReferences = [] } = object.metadata
    if (namespace === undefined || this.#wanted.has(uid!) || this.#isNamespaceLeaving(namespace)) return
    if (this.#formerNamespaces.has(namespace)) return
    this.collected++
    if (ownerReferences.length === 0) this.violations.push(`${text(object)} was deleted and had no owner`)
    const holding = ownerReferences.filter((owner) => {
      const found = this.#objects.get(owner.uid)
      return found !== undefined && !this.#foreground.has(found.metadata.uid!)
    })
    if (holding.length > 0)
      this.violations.push(`${text(object)} was deleted, its owner ${holding[0]!.name} lives`)
  }

  #mustGo({ metadata }: KubeObject): boolean {
    if (metadata.deletionTimestamp !== undefined) return true
    const { ownerReferences = [] } = metadata
    return ownerReferences.length > 0 && ownerReferences.every(({ uid }) => !this.#objects.has(uid))
  }

  #isNamespaceLeaving(name: string): boolean {
    return [...this.#objects.values()].some(
      ({ kind, metadata }) =>
        kind === 'Namespace' && metadata.name === name && metadata.deletionTimestamp !== undefined,
    )
  }
}

/** An owner that is deleted in the foreground is only there until its dependents are gone. */
const waitsForDependents = ({ metadata }: KubeObject) =>
  metadata.deletionTimestamp !== undefined && metadata.finalizers?.includes('foregroundDeletion') === true

const text = ({ kind, metadata }: KubeObject) => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`
