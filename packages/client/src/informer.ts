// A live copy of a collection: list, then watch, then again whenever the stream cannot be trusted any more.

import type { KubeObject } from '@brume/api/object'
import type { Clock } from '@brume/base/clock'
import type { Logger } from '@brume/base/log'
import { deepFreeze, shareParts } from '@brume/base/values'
import { delay } from './backoff.ts'
import { InformerStore, type StoreReader } from './informer-store.ts'
import { Reflector, type ReflectorSink } from './reflector.ts'
import type { ResourceClient } from './resource-client.ts'
import { keyOf, refText } from './resource-ref.ts'

export interface InformerOptions<T extends KubeObject> {
  resource: ResourceClient<T>
  namespace?: string
  labelSelector?: string
  fieldSelector?: string
  /** Gives what is kept of an object, which it must not change: it may be another's. Default: managedFields are dropped. */
  transform?: (object: T) => T
  clock: Clock
  /** [0, 1). */
  random: () => number
  logger: Logger
}

export interface InformerHandler<T> {
  add?(object: T): void
  update?(object: T, previous: T): void
  /** The last state that is known. */
  delete?(object: T): void
}

export class Informer<T extends KubeObject = KubeObject> {
  readonly name: string
  readonly #options: InformerOptions<T>
  readonly #store = new InformerStore<T>()
  readonly #handlers = new Set<InformerHandler<T>>()
  readonly #synced = Promise.withResolvers<void>()
  #stopping: AbortController | undefined
  #running: Promise<void> | undefined
  #hasSynced = false

  constructor(options: InformerOptions<T>) {
    this.#options = options
    this.name = refText(options.resource.ref)
  }

  /** Frozen objects. */
  get store(): StoreReader<T> {
    return this.#store
  }

  /** The first list is in the store. */
  get hasSynced(): boolean {
    return this.#hasSynced
  }

  /** Resolves when the first list is in the store; stays pending while the server cannot be asked. */
  synced(): Promise<void> {
    return this.#synced.promise
  }

  addIndex(name: string, of: (object: T) => readonly string[]): void {
    this.#store.addIndex(name, of)
  }

  /** The handler hears of what is known already as added, at once. Returns how to take it away. */
  addHandler(handler: InformerHandler<T>): () => void {
    for (const object of this.#store.list()) handler.add?.(object)
    this.#handlers.add(handler)
    return () => this.#handlers.delete(handler)
  }

  /** Starting one that runs does nothing. */
  start(): void {
    if (this.#running !== undefined) return
    const stopping = new AbortController()
    this.#stopping = stopping
    this.#running = this.#run(stopping.signal)
  }

  async stop(): Promise<void> {
    this.#stopping?.abort()
    await this.#running
    this.#running = undefined
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { resource, namespace, labelSelector, fieldSelector, clock, random, logger } = this.#options
    const selection = {
      ...(namespace === undefined ? {} : { namespace }),
      ...(labelSelector === undefined ? {} : { labelSelector }),
      ...(fieldSelector === undefined ? {} : { fieldSelector }),
    }
    const reflector = new Reflector<T>({ resource, selection, sink: this.#sink(), clock, random })
    while (!signal.aborted) {
      const outcome = await reflector.round(signal)
      if (outcome.error !== undefined && !signal.aborted) {
        const fields = {
          resource: this.name,
          error: String(outcome.error),
          retryMs: Math.round(outcome.waitMs),
        }
        if (outcome.expected) logger.debug('watch ended', fields)
        else logger.warn('watch failed', fields)
      }
      if (outcome.waitMs > 0) await delay(clock, outcome.waitMs, signal)
    }
  }

  #sink(): ReflectorSink<T> {
    return {
      replace: (objects) => {
        const gone = new Set(this.#store.keys())
        // Objects of a kind are alike, neighbours most of all: of a long list the memory holds what they share once.
        let last: T | undefined
        for (const object of objects) {
          gone.delete(keyOf(object))
          last = this.#put(object, last)
        }
        for (const key of gone) this.#delete(key, undefined)
        this.#hasSynced = true
        this.#synced.resolve()
      },
      put: (object) => void this.#put(object),
      delete: (object) => this.#delete(keyOf(object), this.#kept(object)),
    }
  }

  /** Returns what is kept; it shares with `like`, if given, what they have in common. */
  #put(received: T, like?: T): T {
    const known = this.#store.getByKey(keyOf(received))
    if (known !== undefined && isSame(known, received)) return known
    const object = this.#kept(received, like)
    const previous = this.#store.put(object)
    if (previous !== undefined && previous.metadata.uid === object.metadata.uid) {
      this.#each((handler) => handler.update?.(object, previous))
      return object
    }
    // Deleted and created again while no one looked: two objects, so two events.
    if (previous !== undefined) this.#each((handler) => handler.delete?.(previous))
    this.#each((handler) => handler.add?.(object))
    return object
  }

  #delete(key: string, last: T | undefined): void {
    const known = this.#store.delete(key)
    if (known !== undefined) this.#each((handler) => handler.delete?.(last ?? known))
  }

  #kept(received: T, like?: T): T {
    const object = (this.#options.transform ?? withoutManagedFields)(received)
    return like === undefined ? deepFreeze(object) : shareParts(object, like)
  }

  /** A handler that throws is a bug; the others still hear of the event. */
  #each(call: (handler: InformerHandler<T>) => void): void {
    for (const handler of this.#handlers) {
      try {
        call(handler)
      } catch (error) {
        this.#options.logger.error('an informer handler threw', { resource: this.name, error })
      }
    }
  }
}

function isSame(a: KubeObject, b: KubeObject): boolean {
  const { uid, resourceVersion } = a.metadata
  return (
    resourceVersion !== undefined && uid === b.metadata.uid && resourceVersion === b.metadata.resourceVersion
  )
}

/** managedFields make up a third of an object and no controller reads them; a PUT without them keeps the server's. */
function withoutManagedFields<T extends KubeObject>(object: T): T {
  if (object.metadata.managedFields === undefined) return object
  const { managedFields: _, ...metadata } = object.metadata
  return { ...object, metadata }
}
