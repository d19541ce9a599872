// One informer's conversation with the server: a list (streamed where the server can), then watches that go on from
// the last revision that was seen. It never sleeps itself: each round says how long to wait before the next.

import type { KubeObject } from '@brume/api/object'
import type { Clock } from '@brume/base/clock'
import { isStatus, StatusError } from '@brume/base/errors'
import { Backoff, REFLECTOR_BACKOFF } from './backoff.ts'
import type { ListOptions, ResourceClient } from './resource-client.ts'
import { TransportError } from './transport.ts'
import type { WatchEvent } from './watch-stream.ts'

export interface ReflectorSink<T> {
  /** The whole collection. */
  replace(objects: readonly T[]): void
  put(object: T): void
  delete(object: T): void
}

export interface ReflectorOptions<T extends KubeObject> {
  resource: ResourceClient<T>
  selection: Pick<ListOptions, 'namespace' | 'labelSelector' | 'fieldSelector'>
  sink: ReflectorSink<T>
  clock: Clock
  random: () => number
}

export interface RoundOutcome {
  /** 0: go on at once. */
  waitMs: number
  /** Why the round ended, when it was not the watch's ordinary end. */
  error?: unknown
  /** The error is part of normal life: an expired revision, a server without streaming lists. */
  expected?: boolean
}

const INITIAL_EVENTS_END = 'k8s.io/initial-events-end'
/** As client-go: a watch is asked to last 5 to 10 minutes, so that load spreads over servers again. */
const MIN_WATCH_SECONDS = 300
/** A watch that ends sooner without one event is not asked for again at once. */
const SHORT_WATCH_MS = 1000
/** After so long without an error the backoff begins anew. */
const BACKOFF_RESET_MS = 120_000

/** The stream gave a revision out of order: what it says cannot be trusted. */
class OutOfOrderError extends Error {
  override name = 'OutOfOrderError'
}

export class Reflector<T extends KubeObject> {
  readonly #options: ReflectorOptions<T>
  readonly #backoff: Backoff
  /** Last revision seen; undefined: the collection must be listed. */
  #revision: string | undefined
  #streamingList = true
  #lastErrorAt = Number.NEGATIVE_INFINITY

  constructor(options: ReflectorOptions<T>) {
    this.#options = options
    this.#backoff = new Backoff(REFLECTOR_BACKOFF, options.random)
  }

  /** Lists if needed, then watches until the watch ends. Never throws. */
  async round(signal: AbortSignal): Promise<RoundOutcome> {
    const startedAt = this.#options.clock.now()
    try {
      if (this.#revision === undefined && !this.#streamingList) await this.#list(signal)
      const events = await this.#watch(signal)
      const short = this.#options.clock.now() - startedAt < SHORT_WATCH_MS
      return { waitMs: short && events === 0 ? this.#nextWait() : 0 }
    } catch (error) {
      return this.#afterError(error)
    }
  }

  async #list(signal: AbortSignal): Promise<void> {
    const { resource, selection, sink } = this.#options
    const list = await resource.listAll({ ...selection, signal })
    sink.replace(list.items)
    this.#revision = list.metadata.resourceVersion
  }

  /** Number of events that came. Without a revision the watch brings the collection first. */
  async #watch(signal: AbortSignal): Promise<number> {
    const { resource, selection, random, sink } = this.#options
    const batches = await resource.watchBatches({
      ...selection,
      allowWatchBookmarks: true,
      timeoutSeconds: Math.floor(MIN_WATCH_SECONDS * (1 + random())),
      ...(this.#revision === undefined
        ? { sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan' as const }
        : { resourceVersion: this.#revision }),
      signal,
    })
    let initial: Map<string, T> | undefined = this.#revision === undefined ? new Map() : undefined
    let count = 0
    for await (const events of batches) {
      count += events.length
      for (const event of events) {
        if (initial === undefined) {
          this.#apply(event)
        } else if (collect(initial, event)) {
          sink.replace([...initial.values()])
          initial = undefined
          this.#revision = event.object.metadata.resourceVersion
        }
      }
    }
    if (initial !== undefined)
      throw new TransportError('ConnectionLost', 'the list ended before its end mark')
    return count
  }

  #apply(event: WatchEvent<T>): void {
    const { sink } = this.#options
    const revision = event.object.metadata.resourceVersion
    const order = compareRevisions(revision, this.#revision)
    if (order < 0) throw new OutOfOrderError(`revision ${revision} came after ${this.#revision}`)
    if (order === 0) return
    if (event.type === 'DELETED') sink.delete(event.object)
    else if (event.type !== 'BOOKMARK') sink.put(event.object)
    this.#revision = revision
  }

  #afterError(error: unknown): RoundOutcome {
    if (this.#revision === undefined && this.#streamingList && refusesStreamingList(error)) {
      this.#streamingList = false
      return { waitMs: 0, error, expected: true }
    }
    const expired = isStatus(error, 'Expired') || isStatus(error, 'Gone')
    if (expired || error instanceof OutOfOrderError) this.#revision = undefined
    return { waitMs: this.#nextWait(), error, expected: expired }
  }

  #nextWait(): number {
    const now = this.#options.clock.now()
    if (now - this.#lastErrorAt >= BACKOFF_RESET_MS) this.#backoff.reset()
    this.#lastErrorAt = now
    return this.#backoff.next()
  }
}

/** True when the event ends the initial ones. */
function collect<T extends KubeObject>(into: Map<string, T>, { type, object }: WatchEvent<T>): boolean {
  if (type === 'BOOKMARK') return object.metadata.annotations?.[INITIAL_EVENTS_END] === 'true'
  const id = `${object.metadata.namespace ?? ''}/${object.metadata.name}`
  if (type === 'DELETED') into.delete(id)
  else into.set(id, object)
  return false
}

/** Servers before 1.27, or with the feature off, answer 422 or 400 to sendInitialEvents. */
function refusesStreamingList(error: unknown): boolean {
  return error instanceof StatusError && (error.reason === 'Invalid' || error.reason === 'BadRequest')
}

/** Revisions of one stream are in commit order (KEP-5504); texts that are no numbers are taken as newer. */
function compareRevisions(a: string | undefined, b: string | undefined): number {
  if (a === b) return a === undefined ? 1 : 0
  if (a === undefined || b === undefined || !/^\d+$/.test(a) || !/^\d+$/.test(b)) return 1
  if (a.length !== b.length) return a.length - b.length
  return a < b ? -1 : 1
}
