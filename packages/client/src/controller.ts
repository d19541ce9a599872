// The driver of observe -> decide -> act: keys come from sources, workers take them one at a time, and nothing that
// goes wrong is lost: it is logged, counted and tried again.

import type { KubeObject } from '@brume/api/object'
import type { Clock } from '@brume/base/clock'
import { isStatus } from '@brume/base/errors'
import type { Logger } from '@brume/base/log'
import type { Informer } from './informer.ts'
import { type Metrics, noMetrics } from './metrics.ts'
import type { RateLimitOptions } from './rate-limit.ts'
import { keyOf } from './resource-ref.ts'
import { WorkQueue } from './workqueue.ts'

export interface Plan<A> {
  /** Done in order; the first that fails ends the round. */
  readonly actions: readonly A[]
  /** Look again after this time, whatever happens meanwhile. */
  readonly requeueAfterMs?: number
}

export type Enqueue = (key: string, delayMs?: number) => void

/** Where keys come from. */
export interface Source {
  /** Calls `enqueue` whenever a key may need work, first for all that exist. Returns how to stop. */
  start(enqueue: Enqueue): () => void
  /** Workers begin when every source has resolved. */
  synced(): Promise<void>
}

/** Methods, so that a spec of any Observed and Action fits a list of specs. */
export interface ControllerSpec<O = unknown, A = unknown> {
  name: string
  /** Default 1. */
  workers?: number
  sources: readonly Source[]
  rateLimit?: RateLimitOptions
  /** undefined: there is nothing to decide about. */
  observe(key: string): O | undefined | Promise<O | undefined>
  /** Pure. `now` is milliseconds since the epoch. */
  decide(observed: O, now: number): Plan<A>
  act(action: A): void | Promise<void>
  /** Called after a round whose actions all succeeded. */
  settled?(key: string, observed: O): void
}

export interface ControllerEnvironment {
  clock: Clock
  logger: Logger
  metrics?: Metrics
}

export interface RunningController {
  readonly name: string
  /** The sources are synced and workers run. */
  readonly ready: Promise<void>
  readonly queue: WorkQueue
  /** Resolves when the round under way, if any, has ended. */
  stop(): Promise<void>
}

/** From this many failures in a row on, one key's failures are errors in the log rather than warnings. */
const LOUD_AFTER_FAILURES = 5

/** Keeps the types of a spec together where it is written. */
export function defineController<O, A>(spec: ControllerSpec<O, A>): ControllerSpec {
  return spec as unknown as ControllerSpec
}

export function runController(spec: ControllerSpec, environment: ControllerEnvironment): RunningController {
  const { clock, logger, metrics = noMetrics } = environment
  let stops: (() => void)[] = []
  const restart = () => {
    for (const stop of stops) stop()
    stops = spec.sources.map((source) => source.start((key, delayMs = 0) => queue.addAfter(key, delayMs)))
  }
  const queue: WorkQueue = new WorkQueue({
    name: spec.name,
    clock,
    metrics,
    ...(spec.rateLimit === undefined ? {} : { rateLimit: spec.rateLimit }),
    onOverflow: () => {
      logger.error('the queue overflowed; looking at every object again', { controller: spec.name })
      restart()
    },
  })
  restart()
  let stopped = false
  let work: Promise<unknown> = Promise.resolve()
  const ready = Promise.all(spec.sources.map((source) => source.synced())).then(() => {
    if (stopped) return
    const workers = Array.from({ length: spec.workers ?? 1 }, () => runWorker(spec, queue, environment))
    work = Promise.all(workers)
  })
  return {
    name: spec.name,
    ready,
    queue,
    async stop() {
      stopped = true
      for (const stop of stops) stop()
      queue.close()
      await work
    },
  }
}

/** Keys of an informer's events; by default the object's own key. */
export function fromInformer<T extends KubeObject>(
  informer: Informer<T>,
  keys: (object: T, previous?: T) => Iterable<string> = (object) => [keyOf(object)],
): Source {
  return {
    start(enqueue) {
      const each = (object: T, previous?: T) => {
        for (const key of keys(object, previous)) enqueue(key)
      }
      return informer.addHandler({ add: each, update: each, delete: each })
    },
    synced: () => informer.synced(),
  }
}

async function runWorker(
  spec: ControllerSpec,
  queue: WorkQueue,
  environment: ControllerEnvironment,
): Promise<void> {
  for (let key = await queue.take(); key !== undefined; key = await queue.take()) {
    try {
      const requeueAfterMs = await reconcile(spec, key, environment)
      queue.forget(key)
      if (requeueAfterMs !== undefined) queue.addAfter(key, requeueAfterMs)
    } catch (error) {
      report(
        spec.name,
        { key, error, failures: queue.failures(key), retryMs: queue.addRateLimited(key) },
        environment,
      )
    } finally {
      queue.done(key)
    }
  }
}

async function reconcile(
  spec: ControllerSpec,
  key: string,
  { clock }: ControllerEnvironment,
): Promise<number | undefined> {
  const observed = await spec.observe(key)
  if (observed === undefined) return undefined
  const plan = spec.decide(observed, clock.now())
  for (const action of plan.actions) await spec.act(action)
  spec.settled?.(key, observed)
  return plan.requeueAfterMs
}

/** A conflict is part of normal life: the cache was behind, and the event that brings it up to date is on its way. */
function report(
  controller: string,
  { key, error, failures, retryMs }: { key: string; error: unknown; failures: number; retryMs: number },
  { logger, metrics = noMetrics }: ControllerEnvironment,
): void {
  const conflict = isStatus(error, 'Conflict')
  metrics.add('brume_controller_errors_total', 1, { controller, conflict: String(conflict) })
  const fields = { controller, key, retryMs: Math.round(retryMs), error }
  if (conflict) logger.debug('conflict, trying again', { ...fields, error: String(error) })
  else if (failures < LOUD_AFTER_FAILURES)
    logger.warn('failed, trying again', { ...fields, error: String(error) })
  else logger.error('keeps failing', fields)
}
