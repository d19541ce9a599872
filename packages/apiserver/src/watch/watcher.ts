// One watch of one client: collects the store's events, turns them into frames, and writes them when the hub says so.

import { expired } from '@brume/base/errors'
import type { Entry, Store, StoreError, StoreEvent, Watch } from '@brume/store/contract'
import { statusOf } from '../http/status.ts'
import type { Sink } from '../http/types.ts'
import type { Selection } from '../request/selection.ts'
import { bookmarkFrame, errorFrame, frameOf, type WatchForm, type WatchType } from './frames.ts'
import type { FlushTarget, SharedFrames, WatchHub } from './hub.ts'

/** A client that leaves this much unread is dropped. */
export const MAX_BACKLOG_BYTES = 8 * 1024 * 1024
/** And so is one with this many events waiting to be encoded. */
const MAX_PENDING_EVENTS = 100_000

export interface WatcherOptions {
  store: Store
  hub: WatchHub
  shared: SharedFrames
  sink: Sink
  form: WatchForm
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

export class Watcher implements FlushTarget {
  readonly #options: WatcherOptions
  #pending: (readonly StoreEvent[])[] = []
  #pendingCount = 0
  #watch: Watch | undefined
  #done = false
  #sentRevision: number

  constructor(options: WatcherOptions) {
    this.#options = options
    this.#sentRevision = options.after
  }

  /** Sends the initial state and goes on with events. Throws StoreError 'compacted' before anything is sent. */
  start(): void {
    const { store, sink, prefix, after, initial, form, initialBookmark } = this.#options
    this.#watch = store.watch({
      prefix,
      after,
      onEvents: (events) => this.#receive(events),
      onEnd: (error) => this.#endWith(error),
    })
    sink.onClose(() => this.stop())
    const frames = initial.map((entry) => frameOf(form, 'ADDED', entry))
    if (initialBookmark !== undefined) frames.push(bookmarkFrame(form, initialBookmark, true))
    if (frames.length > 0) sink.write(Buffer.concat(frames))
  }

  #receive(events: readonly StoreEvent[]): void {
    if (this.#done) return
    this.#pending.push(events)
    this.#pendingCount += events.length
    this.#options.hub.mark(this)
  }

  flush(): void {
    if (this.#done || this.#pending.length === 0) return
    const { sink } = this.#options
    if (this.#pendingCount > MAX_PENDING_EVENTS || sink.backlogBytes > MAX_BACKLOG_BYTES) {
      sink.abort()
      this.stop()
      return
    }
    const batches = this.#pending
    this.#pending = []
    this.#pendingCount = 0
    for (const events of batches) {
      const bytes = this.#bytesOf(events)
      if (bytes.length > 0) sink.write(bytes)
      this.#sentRevision = events.at(-1)!.revision
    }
  }

  bookmark(revision: number): void {
    if (!this.#options.bookmarks || this.#done || this.#pending.length > 0) return
    const sent = Math.max(revision, this.#sentRevision)
    this.#options.sink.write(bookmarkFrame(this.#options.form, sent, false))
  }

  /** Ends the watch properly; the client watches again from where it was. */
  finish(): void {
    if (this.#done) return
    this.flush()
    this.bookmark(this.#options.store.revision)
    this.stop()
    this.#options.sink.end()
  }

  stop(): void {
    if (this.#done) return
    this.#done = true
    this.#pending = []
    this.#watch?.close()
    this.#options.hub.remove(this)
  }

  #endWith(error: StoreError): void {
    if (this.#done) return
    if (error.code === 'compacted') {
      const status = statusOf(expired(`too old resource version: ${this.#sentRevision}`))
      this.#options.sink.write(errorFrame(this.#options.form, status))
    }
    this.stop()
    this.#options.sink.end()
  }

  #bytesOf(events: readonly StoreEvent[]): Buffer {
    const { form, selection, shared, onlyKey, prefix } = this.#options
    if (selection.all && onlyKey === undefined) {
      return shared.batch(events, `${form.id}|${prefix}`, () =>
        Buffer.concat(events.map((e) => this.#frame(e)!)),
      )
    }
    const frames: Buffer[] = []
    for (const event of events) {
      if (onlyKey !== undefined && event.entry.key !== onlyKey) continue
      const frame = this.#frame(event)
      if (frame !== undefined) frames.push(frame)
    }
    return frames.length === 1 ? frames[0]! : Buffer.concat(frames)
  }

  /** The event as this watcher's selector sees it (api-compat.md, trap 5). */
  #frame(event: StoreEvent): Buffer | undefined {
    const { form, selection, shared } = this.#options
    const now = event.type === 'put' && selection.matches(event.entry)
    const before = event.previous !== undefined && selection.matches(event.previous)
    let type: WatchType
    if (now) type = before ? 'MODIFIED' : 'ADDED'
    else if (before) type = 'DELETED'
    else return undefined
    return shared.event(event, `${form.id}|${type}`, () => frameOf(form, type, event.entry))
  }
}
