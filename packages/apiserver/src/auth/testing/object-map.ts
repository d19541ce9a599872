// An ObjectReader over a plain map, for the tests of what reads objects: the reader's contract and nothing else.

import type { KubeObject } from '@brume/api/object'
import type { ObjectChange, ObjectReader } from '../../registry/reader.ts'

/** `group/plural` of the kinds that tests put in. */
export class ObjectMap implements ObjectReader {
  readonly #objects = new Map<string, Map<string, KubeObject>>()
  readonly #listeners = new Map<string, Set<(change: ObjectChange) => void>>()

  put(group: string, plural: string, object: KubeObject): KubeObject {
    const bucket = this.#bucket(group, plural)
    const key = keyOf(object.metadata.namespace ?? '', object.metadata.name ?? '')
    const previous = bucket.get(key)
    const frozen = deepFreeze(structuredClone(object))
    bucket.set(key, frozen)
    this.#tell(group, plural, { type: 'put', object: frozen, previous })
    return frozen
  }

  remove(group: string, plural: string, namespace: string, name: string): void {
    const bucket = this.#bucket(group, plural)
    const object = bucket.get(keyOf(namespace, name))
    if (object === undefined) return
    bucket.delete(keyOf(namespace, name))
    this.#tell(group, plural, { type: 'delete', object, previous: object })
  }

  get(group: string, plural: string, namespace: string, name: string): KubeObject | undefined {
    return this.#bucket(group, plural).get(keyOf(namespace, name))
  }

  list(group: string, plural: string, namespace: string): KubeObject[] {
    const all = [...this.#bucket(group, plural).values()]
    return namespace === '' ? all : all.filter((object) => object.metadata.namespace === namespace)
  }

  onChange(group: string, plural: string, listener: (change: ObjectChange) => void): () => void {
    const key = `${group}/${plural}`
    const listeners = this.#listeners.get(key) ?? new Set()
    this.#listeners.set(key, listeners.add(listener))
    return () => listeners.delete(listener)
  }

  #bucket(group: string, plural: string): Map<string, KubeObject> {
    const key = `${group}/${plural}`
    const bucket = this.#objects.get(key) ?? new Map<string, KubeObject>()
    this.#objects.set(key, bucket)
    return bucket
  }

  #tell(group: string, plural: string, change: ObjectChange): void {
    for (const listener of this.#listeners.get(`${group}/${plural}`) ?? []) listener(change)
  }
}

function keyOf(namespace: string, name: string): string {
  return `${namespace}/${name}`
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const part of Object.values(value)) deepFreeze(part)
    Object.freeze(value)
  }
  return value
}
