// Flow control of one API server: FlowSchemas and PriorityLevelConfigurations as they are stored, followed as they change.
// Without stored ones the mandatory and suggested ones hold, so that a cloud that is just being made is no different.

import { BOOTSTRAP_FLOW_SCHEMAS, BOOTSTRAP_PRIORITY_LEVELS } from '@brume/api/bootstrap/flow-control'
import type { KubeObject } from '@brume/api/object'
import type { Clock } from '@brume/base/clock'
import { tooManyRequests } from '@brume/base/errors'
import type { UserInfo } from '../auth/types.ts'
import type { MetricsRegistry } from '../metrics/registry.ts'
import type { ObjectReader } from '../registry/reader.ts'
import type { RequestInfo } from '../request/info.ts'
import { type Classifier, classifier, distinguisherOf, type FlowSchema } from './classify.ts'
import { flowMetrics } from './metrics.ts'
import type { Waiter } from './queues.ts'
import { type Body, Receiving } from './receiving.ts'
import { type Level, type LevelSpec, Seats } from './seats.ts'

const GROUP = 'flowcontrol.apiserver.k8s.io'
/** A quarter of a minute, as Kubernetes: whoever waits longer comes back with a better chance. */
const MAX_WAIT_MS = 15_000
const RETRY_AFTER_SECONDS = 1
/** Kubernetes' --max-requests-inflight and --max-mutating-requests-inflight together. */
export const DEFAULT_SEATS = 600
const MANDATORY = ['exempt', 'catch-all']

export interface Flow {
  schema: FlowSchema
  level: Level
}

/** Of a request that has room for its body. */
export interface Room {
  /** The body is there, or will never be. */
  arrived(bytes: number): void
  /** The request has a seat, or is over. Idempotent. */
  leave(): void
}

export interface FlowControl {
  classify(info: RequestInfo, user: UserInfo): Flow
  /**
   * Room for a body that may come slowly, at once or after a wait: before `enter`, so that it holds no seat meanwhile.
   * `bytes`: as many as it may have. Throws TooManyRequests.
   */
  receive(flow: Flow, of: { user: UserInfo; bytes: number; gone(): AbortSignal }): Room | Promise<Room>
  /**
   * A seat, at once or after a wait; call the result when the request is done, once. Throws TooManyRequests.
   * `gone` is asked for only when the request has to wait.
   */
  enter(
    flow: Flow,
    of: { info: RequestInfo; user: UserInfo; gone(): AbortSignal },
  ): (() => void) | Promise<() => void>
}

export interface FlowControlOptions {
  reader: ObjectReader
  clock: Clock
  metrics: MetricsRegistry
  /** How many requests may be worked on at once, of all levels but the exempt. */
  seats: number
}

export function createFlowControl({ reader, clock, metrics, seats: total }: FlowControlOptions): FlowControl {
  const seats = new Seats(total)
  const receiving = new Receiving()
  const counted = flowMetrics(metrics, { seats, receiving })
  let classify: Classifier | undefined
  const outdated = () => {
    classify = undefined
  }
  reader.onChange(GROUP, 'flowschemas', outdated)
  reader.onChange(GROUP, 'prioritylevelconfigurations', outdated)
  const configure = (): Classifier => {
    const specs = configured(reader, 'prioritylevelconfigurations', BOOTSTRAP_PRIORITY_LEVELS).map(levelOf)
    seats.configure(specs)
    const schemas = configured(reader, 'flowschemas', BOOTSTRAP_FLOW_SCHEMAS)
    return classifier(schemas, new Set(specs.map(({ name }) => name)))
  }
  return {
    classify(info, user) {
      classify ??= configure()
      const schema = classify(info, user) ?? CATCH_ALL
      return { schema, level: seats.level(schema.level)! }
    },
    receive({ schema, level }, { user, bytes, gone }) {
      // Whoever is exempt waits for nothing.
      if (level.spec.exempt) return { arrived() {}, leave() {} }
      // Set where it has to wait; most have not.
      let tell: ((room: Room) => void) | undefined
      const body: Body = { user: user.name, bytes, state: 'new', start: () => tell?.(room) }
      const room: Room = {
        arrived: (bytes) => receiving.arrived(body, bytes),
        leave: () => void receiving.leave(body),
      }
      const entry = receiving.enter(body)
      if (entry === 'room') return room
      if (entry === 'full') throw refused(schema, 'queue-full')
      const { promise, resolve, reject } = Promise.withResolvers<Room>()
      tell = resolve
      const giveUp = (reason: string) => {
        if (body.state === 'waiting' && receiving.leave(body)) reject(refused(schema, reason))
      }
      return untilGivenUp(promise, giveUp, gone())
    },
    enter({ schema, level }, { info, user, gone }) {
      let place: Place | undefined
      const entry = seats.enter(level, () => {
        const { promise, resolve, reject } = Promise.withResolvers<() => void>()
        const flow = `${schema.name}\0${distinguisherOf(schema, info, user)}`
        place = { seated: promise, reject, waiter: { flow, start: () => resolve(seatOf(level)) } }
        return place.waiter
      })
      if (entry === 'seated') {
        counted.dispatched(schema)
        return seatOf(level)
      }
      if (entry === 'waiting' && place !== undefined) return wait({ schema, level }, place, gone())
      throw refused(schema, entry)
    },
  }

  /** Given back once, whoever calls how often. */
  function seatOf(level: Level): () => void {
    let held = true
    return () => {
      if (!held) return
      held = false
      seats.release(level)
    }
  }

  function refused(schema: FlowSchema, reason: string): Error {
    counted.rejected(schema, reason)
    return tooManyRequests('Too many requests, please try again later.', RETRY_AFTER_SECONDS)
  }

  async function wait(
    { schema, level }: Flow,
    { seated, reject, waiter }: Place,
    signal: AbortSignal,
  ): Promise<() => void> {
    const began = clock.now()
    const giveUp = (reason: string) => {
      if (seats.leave(level, waiter)) reject(refused(schema, reason))
    }
    let execute = false
    try {
      const release = await untilGivenUp(seated, giveUp, signal)
      execute = true
      counted.dispatched(schema)
      return release
    } finally {
      counted.waited(schema, (clock.now() - began) / 1000, execute)
    }
  }

  /** `giveUp` makes the promise reject, when it is still time for that. */
  async function untilGivenUp<T>(
    promise: Promise<T>,
    giveUp: (reason: string) => void,
    signal: AbortSignal,
  ): Promise<T> {
    const timer = clock.after(MAX_WAIT_MS, () => giveUp('time-out'))
    const left = () => giveUp('cancelled')
    signal.addEventListener('abort', left, { once: true })
    if (signal.aborted) left()
    try {
      return await promise
    } finally {
      timer.cancel()
      signal.removeEventListener('abort', left)
    }
  }
}

/** Of a request that waits. */
interface Place {
  waiter: Waiter
  seated: Promise<() => void>
  reject(error: Error): void
}

const CATCH_ALL: FlowSchema = { name: 'catch-all', uid: '', level: 'catch-all', distinguisher: 'ByUser' }

/** What is stored, and the mandatory ones also where they are not (yet). */
function configured(
  reader: ObjectReader,
  plural: string,
  bootstrap: readonly KubeObject[],
): readonly KubeObject[] {
  const stored = reader.list(GROUP, plural, '')
  if (stored.length === 0) return bootstrap
  const names = new Set(stored.map(({ metadata }) => metadata.name))
  const missing = bootstrap.filter(
    ({ metadata: { name = '' } }) => MANDATORY.includes(name) && !names.has(name),
  )
  return [...stored, ...missing]
}

const DEFAULT_SHARES = 30
const DEFAULT_QUEUING = { queues: 64, handSize: 8, queueLengthLimit: 50 }

function levelOf({ metadata, spec }: KubeObject): LevelSpec {
  const { name = '', uid = '' } = metadata
  const { limited = {} } = spec ?? {}
  const { type, queuing } = limited.limitResponse ?? {}
  return {
    name,
    uid,
    exempt: spec?.type === 'Exempt',
    shares: limited.nominalConcurrencyShares ?? DEFAULT_SHARES,
    lendablePercent: limited.lendablePercent ?? 0,
    borrowingLimitPercent: limited.borrowingLimitPercent ?? undefined,
    queuing: type === 'Queue' ? { ...DEFAULT_QUEUING, ...queuing } : undefined,
  }
}
