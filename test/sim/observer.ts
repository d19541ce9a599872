// Watches over one informer: each event that its handlers are told must be one that happened, in an order that can be.

import assert from 'node:assert/strict'
import type { KubeObject } from '@brume/api/object'
import type { Informer } from '@brume/client/informer'
import { keyOf } from '@brume/client/resource-ref'
import type { Store, StoreEvent } from '@brume/store/contract'

/** Everything that ever was in one bucket, from the store itself. */
export class Truth {
  /** By revision. */
  readonly #states = new Map<number, { uid: string; token: string }>()
  /** Keys as informers name them; what is there now. */
  readonly present = new Map<string, { revision: number; object: KubeObject }>()

  constructor(store: Store, bucket: string) {
    store.watch({
      prefix: `${bucket}/`,
      after: store.revision,
      onEvents: (events) => {
        for (const event of events) this.#take(event)
      },
    })
  }

  #take({ type, revision, entry }: StoreEvent): void {
    const object = JSON.parse(entry.value.toString()) as KubeObject
    const key = keyOf(object)
    if (type === 'delete') this.present.delete(key)
    else {
      this.present.set(key, { revision, object })
      this.#states.set(revision, { uid: object.metadata.uid!, token: tokenOf(object) })
    }
  }

  assertHappened(what: string, object: KubeObject): void {
    const state = this.#states.get(Number(object.metadata.resourceVersion))
    assert.ok(state !== undefined, `${what} never was`)
    assert.deepEqual({ uid: object.metadata.uid, token: tokenOf(object) }, state, what)
  }
}

const tokenOf = (object: KubeObject): string => object['data']?.token ?? ''

export class Observer {
  readonly #informer: Informer
  readonly #truth: Truth
  readonly #selects: (object: KubeObject) => boolean
  /** As the handlers were told. */
  readonly #view = new Map<string, KubeObject>()
  /** The newest revision that was ever shown of a key. */
  readonly #shown = new Map<string, number>()
  /** What a handler found wrong: the informer swallows what handlers throw. */
  readonly failures: unknown[] = []
  events = 0

  constructor(informer: Informer, truth: Truth, selects: (object: KubeObject) => boolean) {
    this.#informer = informer
    this.#truth = truth
    this.#selects = selects
    informer.addHandler({
      add: (object) => this.#check(() => this.#added(object)),
      update: (object, previous) => this.#check(() => this.#updated(object, previous)),
      delete: (object) => this.#check(() => this.#deleted(object)),
    })
  }

  /** The informer shows exactly what is there now. */
  get converged(): boolean {
    const wanted = [...this.#truth.present].filter(([, { object }]) => this.#selects(object))
    if (!this.#informer.hasSynced || wanted.length !== this.#informer.store.size) return false
    return wanted.every(([key, { revision }]) => {
      return this.#informer.store.getByKey(key)?.metadata.resourceVersion === String(revision)
    })
  }

  /** And so do its handlers. */
  assertViewIsStore(): void {
    const view = [...this.#view].map(([key, object]) => [key, object.metadata.resourceVersion])
    const store = this.#informer.store
      .list()
      .map((object) => [keyOf(object), object.metadata.resourceVersion])
    assert.deepEqual(new Map(view as []), new Map(store as []), 'handlers were told what the store shows')
  }

  #added(object: KubeObject): void {
    const key = keyOf(object)
    assert.ok(!this.#view.has(key), `${key} was added twice`)
    this.#show('added', object)
  }

  #updated(object: KubeObject, previous: KubeObject): void {
    const key = keyOf(object)
    assert.equal(this.#view.get(key), previous, `the previous state of ${key} is the one that was told`)
    assert.equal(
      object.metadata.uid,
      previous.metadata.uid,
      `${key} became another object without a deletion`,
    )
    this.#show('updated', object)
  }

  #deleted(object: KubeObject): void {
    const key = keyOf(object)
    const known = this.#view.get(key)
    assert.ok(known !== undefined, `${key} was deleted, but nobody was told of it before`)
    assert.equal(object.metadata.uid, known.metadata.uid, `the deletion of ${key} is of another object`)
    this.#view.delete(key)
  }

  #show(how: string, object: KubeObject): void {
    const key = keyOf(object)
    const revision = Number(object.metadata.resourceVersion)
    const what = `${key} at ${revision}, ${how},`
    this.#truth.assertHappened(what, object)
    assert.ok(this.#selects(object), `${what} is not selected`)
    const shown = this.#shown.get(key) ?? 0
    assert.ok(revision > shown, `${what} came after ${shown}`)
    this.#shown.set(key, revision)
    this.#view.set(key, object)
  }

  #check(check: () => void): void {
    this.events++
    try {
      check()
    } catch (error) {
      this.failures.push(error)
    }
  }
}
