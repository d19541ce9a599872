// The objects that an informer knows: frozen, shared, with indexes.

import type { KubeObject } from '@brume/api/object'
import { assert } from '@brume/base/assert'
import { keyOf } from './resource-ref.ts'

/** The index values of an object, e.g. the names of the nodes it runs on. */
export type IndexFunction<T> = (object: T) => readonly string[]

export const BY_NAMESPACE = 'namespace'

export interface StoreReader<T> {
  get(namespace: string, name: string): T | undefined
  getByKey(key: string): T | undefined
  /** All, or those of one namespace. */
  list(namespace?: string): T[]
  /** Objects whose index function gave `value`. The index must have been added. */
  byIndex(index: string, value: string): T[]
  readonly size: number
}

interface Index<T> {
  of: IndexFunction<T>
  entries: Map<string, Map<string, T>>
}

export class InformerStore<T extends KubeObject> implements StoreReader<T> {
  readonly #objects = new Map<string, T>()
  readonly #indexes = new Map<string, Index<T>>()

  constructor() {
    this.addIndex(BY_NAMESPACE, (object) => [object.metadata.namespace ?? ''])
  }

  get size(): number {
    return this.#objects.size
  }

  get(namespace: string, name: string): T | undefined {
    return this.#objects.get(namespace === '' ? name : `${namespace}/${name}`)
  }

  getByKey(key: string): T | undefined {
    return this.#objects.get(key)
  }

  list(namespace?: string): T[] {
    return namespace === undefined ? [...this.#objects.values()] : this.byIndex(BY_NAMESPACE, namespace)
  }

  byIndex(index: string, value: string): T[] {
    const found = this.#indexes.get(index)
    assert(found !== undefined, `the index ${index} was added`)
    const entries = found.entries.get(value)
    return entries === undefined ? [] : [...entries.values()]
  }

  /** Adding one that is there already (by name) does nothing; objects that are known are indexed at once. */
  addIndex(name: string, of: IndexFunction<T>): void {
    if (this.#indexes.has(name)) return
    const index: Index<T> = { of, entries: new Map() }
    this.#indexes.set(name, index)
    for (const [key, object] of this.#objects) insert(index, key, object)
  }

  keys(): IterableIterator<string> {
    return this.#objects.keys()
  }

  /** Returns what was there before. */
  put(object: T): T | undefined {
    const key = keyOf(object)
    const previous = this.#objects.get(key)
    this.#objects.set(key, object)
    for (const index of this.#indexes.values()) {
      if (previous !== undefined) remove(index, key, previous)
      insert(index, key, object)
    }
    return previous
  }

  /** Returns what was there. */
  delete(key: string): T | undefined {
    const previous = this.#objects.get(key)
    if (previous === undefined) return undefined
    this.#objects.delete(key)
    for (const index of this.#indexes.values()) remove(index, key, previous)
    return previous
  }
}

function insert<T>(index: Index<T>, key: string, object: T): void {
  for (const value of index.of(object)) {
    const entries = index.entries.get(value)
    if (entries === undefined) index.entries.set(value, new Map([[key, object]]))
    else entries.set(key, object)
  }
}

function remove<T>(index: Index<T>, key: string, object: T): void {
  for (const value of index.of(object)) {
    const entries = index.entries.get(value)
    entries?.delete(key)
    if (entries?.size === 0) index.entries.delete(value)
  }
}
