// One watch of one client: collects the store's events, turns them into frames, and writes them when the hub says so,
// as fast as the client reads. A client that falls too far behind is dropped, and lists again.

import { expired } from '@brume/base/errors'
import { type Entry, type Store, StoreError, type StoreEvent, type Watch } from '@brume/store/contract'
import { statusOf } from '../http/status.ts'
import type { Sink } from '../http/types.ts'
import type { Selection } from '../request/selection.ts'
import type { Framing } from './framing.ts'
import type { FlushTarget, WatchHub } from './hub.ts'

/** A client that leaves this much of what happens unread is dropped. */
export const MAX_BACKLOG_BYTES = 8 * 1024 * 1024
/** While it still reads the state from before that is more. */
const MAX_BACKLOG_AT_START_BYTES = 4 * MAX_BACKLOG_BYTES
/** Values encoded at a time. */
const SLAB_BYTES = 256 * 1024

export interface WatcherOptions<Frame> {
  store: Store
  hub: WatchHub
  sink: Sink<Frame>
  framing: Framing<Frame>
  selection: Selection
  /** What the store is watched for. */
  prefix: string
  /** Only this key of the prefix, if given. */
  onlyKey: string | undefined
  after: number
  /** Sent as ADDED first. */
  initial: readonly Entry[]
  /** Send the bookmark that ends the initial events, with this revision. */
  initialBookmark: number | undefined
  bookmarks: boolean
}

export class Watcher<Frame> implements FlushTarget {
  readonly #options: WatcherOptions<Frame>
  /** Initial entries that are not sent yet; undefined: all were, and the bookmark behind them. */
  #initial: readonly Entry[] | undefined
  #sentOfInitial = 0
  #pending: (readonly StoreEvent[])[] = []
  /** Events of the first batch that were sent already. */
  #sentOfFirst = 0
  /** Bytes of the pending values, without those that were history when the watch began. */
  #pendingBytes = 0
  /** Newest revision when the watch began. */
  #began = 0
  #watch: Watch | undefined
  #done = false
  #isDraining = false
  #sentRevision: number

  constructor(options: WatcherOptions<Frame>) {
    this.#options = options
    this.#sentRevision = options.after
    this.#initial = options.initial
  }

  /** Sends the initial state and goes on with events. */
  start(): void {
    const { store, sink, prefix, after } = this.#options
    this.#began = store.revision
    sink.onClose(() => this.stop())
    if (this.#done) return
    try {
      this.#watch = store.watch({
        prefix,
        after,
        onEvents: (events) => this.#receive(events),
        onEnd: (error) => this.#endWith(error),
      })
    } catch (error) {
      if (!(error instanceof StoreError)) throw error
      // The history went since the request was answered.
      this.#endWith(error)
      return
    }
    this.flush()
  }

  #receive(events: readonly StoreEvent[]): void {
    if (this.#done) return
    this.#pending.push(events)
    if (this.#isLive(events)) for (const { entry } of events) this.#pendingBytes += entry.value.byteLength
    this.#options.hub.mark(this)
  }

  #isLive(events: readonly StoreEvent[]): boolean {
    return events.at(-1)!.revision > this.#began
  }

  flush(): void {
    if (this.#done) return
    const { sink, hub } = this.#options
    const limit = this.#isAtStart() ? MAX_BACKLOG_AT_START_BYTES : MAX_BACKLOG_BYTES
    if (sink.backlogBytes + this.#pendingBytes > limit) {
      this.drop()
      return
    }
    while (this.#hasMore() && sink.backlogBytes < hub.windowBytes) {
      const frame = this.#initial === undefined ? this.#nextEvents() : this.#nextInitial(this.#initial)
      if (frame !== undefined) sink.write(frame)
    }
    // Whatever the sink says of its own bounds: the window is this watcher's.
    if (this.#hasMore()) this.#flushAgainWhenRead()
    hub.account(this, sink.backlogBytes)
  }

  #hasMore(): boolean {
    return this.#initial !== undefined || this.#pending.length > 0
  }

  #isAtStart(): boolean {
    return this.#initial !== undefined || (this.#pending.length > 0 && !this.#isLive(this.#pending[0]!))
  }

  #flushAgainWhenRead(): void {
    if (this.#isDraining) return
    this.#isDraining = true
    this.#options.sink.onDrain(() => {
      this.#isDraining = false
      if (this.#done) return
      this.#options.hub.account(this, this.#options.sink.backlogBytes)
      if (!this.#hasMore()) return
      // What is read first goes as fast as it is read; only events are worth collecting.
      const { hub } = this.#options
      if (this.#isAtStart()) setImmediate(() => hub.guard(this, () => this.flush()))
      else hub.mark(this)
    })
  }

  #nextInitial(entries: readonly Entry[]): Frame | undefined {
    const { framing, initialBookmark } = this.#options
    const frames: Frame[] = []
    let bytes = 0
    while (this.#sentOfInitial < entries.length && bytes < SLAB_BYTES) {
      const frame = framing.event('ADDED', entries[this.#sentOfInitial++]!)
      bytes += framing.sizeOf(frame)
      frames.push(frame)
    }
    if (this.#sentOfInitial === entries.length) {
      this.#initial = undefined
      if (initialBookmark !== undefined) frames.push(framing.bookmark(initialBookmark, true))
    }
    return frames.length === 0 ? undefined : framing.join(frames)
  }

  /** A part of the first batch that waits, cut at the same places for all watchers. */
  #nextEvents(): Frame | undefined {
    const events = this.#pending[0]!
    const from = this.#sentOfFirst
    let to = from
    let bytes = 0
    while (to < events.length && bytes < SLAB_BYTES) bytes += events[to++]!.entry.value.byteLength
    const frame = this.#frameOf(events, from, to)
    if (this.#isLive(events)) this.#pendingBytes -= bytes
    this.#sentRevision = events[to - 1]!.revision
    this.#sentOfFirst = to
    if (to === events.length) {
      this.#pending.shift()
      this.#sentOfFirst = 0
    }
    return frame
  }

  bookmark(revision: number): void {
    const { bookmarks, sink, framing } = this.#options
    if (!bookmarks || this.#done || this.#hasMore() || sink.backlogBytes > SLAB_BYTES) return
    sink.write(framing.bookmark(Math.max(revision, this.#sentRevision), false))
  }

  finish(): void {
    this.flush()
    if (this.#done) return
    // The initial state is in no order that a client could go on from.
    if (this.#initial !== undefined) {
      this.drop()
      return
    }
    this.bookmark(this.#options.store.revision)
    this.stop()
    this.#options.sink.end()
  }

  drop(): void {
    this.stop()
    this.#options.sink.abort()
  }

  stop(): void {
    if (this.#done) return
    this.#done = true
    this.#pending = []
    this.#initial = undefined
    this.#watch?.close()
    this.#options.hub.remove(this)
  }

  #endWith(error: StoreError): void {
    if (this.#done) return
    if (this.#initial !== undefined && this.#sentOfInitial > 0) {
      this.drop()
      return
    }
    if (error.code === 'compacted') {
      const status = statusOf(expired(`too old resource version: ${this.#sentRevision}`))
      this.#options.sink.write(this.#options.framing.error(status))
    }
    this.stop()
    this.#options.sink.end()
  }

  /** undefined: nothing of it is for this watcher. */
  #frameOf(events: readonly StoreEvent[], from: number, to: number): Frame | undefined {
    const { framing, selection, hub, onlyKey, prefix } = this.#options
    const part = from === 0 && to === events.length ? events : events.slice(from, to)
    if (selection.all && onlyKey === undefined) {
      return hub.shared.batch(events, `${framing.id}|${prefix}|${from}`, () => this.#joined(part))
    }
    return this.#joined(onlyKey === undefined ? part : part.filter(({ entry }) => entry.key === onlyKey))
  }

  #joined(events: readonly StoreEvent[]): Frame | undefined {
    const frames: Frame[] = []
    for (const event of events) {
      const frame = this.#frame(event)
      if (frame !== undefined) frames.push(frame)
    }
    return frames.length === 0 ? undefined : this.#options.framing.join(frames)
  }

  /** The event as this watcher's selector sees it (api-compat.md, trap 5). */
  #frame(event: StoreEvent): Frame | undefined {
    const { framing, selection, hub } = this.#options
    const { entry, previous } = event
    const now = event.type === 'put' && selection.matches(entry)
    const before = previous !== undefined && selection.matches(previous)
    if (now) {
      const type = before ? 'MODIFIED' : 'ADDED'
      return hub.shared.event(event, `${framing.id}|${type}`, () => framing.event(type, entry))
    }
    if (!before) return undefined
    return hub.shared.event(event, `${framing.id}|DELETED`, () =>
      event.type === 'delete' ? framing.event('DELETED', entry) : framing.left(previous, entry.revision),
    )
  }
}
