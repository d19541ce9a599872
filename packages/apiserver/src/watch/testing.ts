// A store, a hub and clients whose reading a test decides, for tests of watches.

import { setImmediate as turn } from 'node:timers/promises'
import { builtinResources } from '@brume/api/kinds/builtin'
import type { KubeObject } from '@brume/api/object'
import { assert } from '@brume/base/assert'
import { silentLogger } from '@brume/base/log'
import type { Store } from '@brume/store/contract'
import { ManualClock } from '@brume/store/manual-clock'
import { openMemoryStore } from '@brume/store/memory/open'
import type { Accepted } from '../http/accept.ts'
import type { EventBatch, ObjectEvent, Sink } from '../http/types.ts'
import { encodeEntry } from '../registry/entries.ts'
import { compileSelection } from '../request/selection.ts'
import { byteFraming } from './frames.ts'
import { type Framing, watchForm } from './framing.ts'
import { WatchHub } from './hub.ts'
import { objectFraming } from './object-frames.ts'
import { Watcher, type WatcherOptions } from './watcher.ts'

export const CONFIG_MAPS = builtinResources().find(({ plural }) => plural === 'configmaps')!
/** Between bookmarks: many ticks of the hub. */
export const MANY_MS = 100_000
export const PREFIX = 'configmaps/default/'
export const JSON_FORM: Accepted = { encoding: 'json', as: '', asGroup: '', asVersion: '', pretty: false }

interface Reader<Chunk> extends Sink<Chunk> {
  end_: 'open' | 'ended' | 'aborted'
  isReading: boolean
  /** Reads all that waits, as often as more comes. */
  read(): Promise<void>
}

export interface Client extends Reader<Buffer | string> {
  bytes: Buffer[]
}

/** A reader in the process. */
export interface ObjectClient extends Reader<EventBatch> {
  events: ObjectEvent[]
}

/** A client that reads at once, or (`isReading` false) only when the test says so. */
export function client(isReading = true): Client {
  const bytes: Buffer[] = []
  return Object.assign(
    reader<Buffer | string>(
      isReading,
      (chunk) => bytes.push(Buffer.from(chunk)),
      ({ length }) => length,
    ),
    { bytes },
  )
}

/** As `client`, of events as objects. */
export function objectClient(isReading = true): ObjectClient {
  const events: ObjectEvent[] = []
  return Object.assign(
    reader<EventBatch>(
      isReading,
      (batch) => events.push(...batch.events),
      ({ bytes }) => bytes,
    ),
    { events },
  )
}

function reader<Chunk>(isReading: boolean, take: (chunk: Chunk) => void, sizeOf: (chunk: Chunk) => number) {
  let waiting = 0
  let onDrain: (() => void)[] = []
  const onClose: (() => void)[] = []
  const close = () => {
    for (const fn of onClose.splice(0)) fn()
  }
  const self: Reader<Chunk> = {
    end_: 'open',
    isReading,
    write(chunk) {
      if (self.end_ !== 'open') return false
      take(chunk)
      if (!self.isReading) waiting += sizeOf(chunk)
      return self.isReading
    },
    end() {
      self.end_ = 'ended'
      close()
    },
    abort() {
      self.end_ = 'aborted'
      close()
    },
    get backlogBytes() {
      return waiting
    },
    get closed() {
      return self.end_ !== 'open'
    },
    onDrain: (fn) => void onDrain.push(fn),
    onClose: (fn) => void onClose.push(fn),
    async read() {
      while (waiting > 0) {
        waiting = 0
        const fns = onDrain
        onDrain = []
        for (const fn of fns) fn()
        await settled()
      }
    },
  }
  return self
}

/** Of the test that runs. */
let current: { hub: WatchHub; clock: ManualClock } | undefined

const MAX_TURNS = 10_000

/** Lets the hub flush, whose ticks are up to so many milliseconds apart. */
export async function settled(): Promise<void> {
  const { hub, clock } = current!
  for (let i = 0; i < 3; i++) await turn()
  for (let i = 0; !hub.isIdle; i++) {
    assert(i < MAX_TURNS, 'the hub comes to rest')
    clock.advance(50)
    await turn()
  }
}

export interface World {
  store: Store
  hub: WatchHub
  clock: ManualClock
  put(name: string, more?: { labels?: Record<string, string>; data?: string }): Promise<number>
  remove(name: string): Promise<number>
  watch(sink: Client, options?: WatchOptions<Buffer>): Watcher<Buffer>
  /** The same for a reader in the process. */
  watchObjects(sink: ObjectClient, options?: WatchOptions<EventBatch>): Watcher<EventBatch>
}

type WatchOptions<Frame> = Partial<WatcherOptions<Frame>> & { labelSelector?: string; accepted?: Accepted }

export function world(options: { bookmarkEveryMs?: number; historyEvents?: number } = {}): World {
  const clock = new ManualClock()
  const { historyEvents = 100_000 } = options
  const store = openMemoryStore({ retention: { historyEvents, historyBytes: 1e9 } })
  const hub = new WatchHub({ store, clock, logger: silentLogger, maxWatchers: 1_000, ...options })
  current = { hub, clock }
  const objectOf = (name: string, { labels = {}, data = '' }): KubeObject => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: 'default', uid: name, labels, creationTimestamp: null },
    data: { a: data },
  })
  const formOf = ({ accepted = JSON_FORM }: { accepted?: Accepted }) =>
    watchForm({ accepted, definition: CONFIG_MAPS, includeObject: 'Metadata', now: () => clock.now() })
  const open = <Frame>(sink: Sink<Frame>, framing: Framing<Frame>, options: WatchOptions<Frame>) => {
    const { labelSelector = '', accepted: _, ...more } = options
    const watcher = new Watcher({
      store,
      hub,
      sink,
      framing,
      selection: compileSelection(CONFIG_MAPS, { labelSelector, fieldSelector: '' }),
      prefix: PREFIX,
      onlyKey: undefined,
      after: store.revision,
      initial: [],
      initialBookmark: undefined,
      bookmarks: false,
      ...more,
    })
    hub.add(watcher)
    watcher.start()
    return watcher
  }
  return {
    store,
    hub,
    clock,
    async put(name, more = {}) {
      const encode = (revision: number) => encodeEntry(objectOf(name, more), revision)
      const entry = await store.commit({ kind: 'put', key: `${PREFIX}${name}`, expect: undefined, encode })
      return entry.revision
    },
    async remove(name) {
      const { value } = store.get(`${PREFIX}${name}`)!
      const last = JSON.parse(value.toString()) as KubeObject
      const encode = (revision: number) => encodeEntry(last, revision)
      const entry = await store.commit({ kind: 'delete', key: `${PREFIX}${name}`, expect: undefined, encode })
      return entry.revision
    },
    watch: (sink, options = {}) => open<Buffer>(sink, byteFraming(formOf(options)), options),
    watchObjects: (sink, options = {}) => open(sink, objectFraming(formOf(options))!, options),
  }
}

// biome-ignore lint/suspicious/noExplicitAny: events of any form
export type Event = { type: string; object: any }

export function eventsOf(sink: Client): Event[] {
  const text = Buffer.concat(sink.bytes).toString()
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Event)
}

/** One line an event. */
export const shown = (sink: Client) =>
  eventsOf(sink).map(
    ({ type, object }) => `${type} ${object.metadata.name ?? ''} ${object.metadata.resourceVersion}`,
  )
