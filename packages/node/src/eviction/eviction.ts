// Looks every 10 s whether the node runs short of memory, disk or processes; then takes back what nobody uses, and if that
// is not enough ends one pod at a time. Also ends pods that have more on the disk than they may.

import { existsSync } from 'node:fs'
import type { Timer } from '@brume/base/clock'
import type { NodeContext, Pod } from '../contract.ts'
import { nodeSubject } from '../event-subjects.ts'
import type { ImageGc } from '../images/image-gc.ts'
import type { Health } from '../registration/conditions.ts'
import type { NodeStats } from '../stats/node-stats.ts'
import { readFsUsage, readNodeUsage } from '../stats/node-usage.ts'
import type { PodSample } from '../stats/sample.ts'
import type { VolumeUsages } from '../stats/volume-usage.ts'
import { volumesDir } from '../volumes/paths.ts'
import {
  decideEviction,
  decideLimits,
  type Eviction,
  hasDiskLimits,
  type PressureSeen,
  pressureAfter,
} from './decide.ts'
import { podUsageOf } from './pod-usage.ts'
import {
  type Observed,
  observe,
  overdue,
  type Shortage,
  type Since,
  shortages,
  shortageText,
  sinceAfter,
} from './signals.ts'
import type { EvictionSettings } from './thresholds.ts'

export interface EvictionOptions {
  stats: Pick<NodeStats, 'current'>
  volumes: Pick<VolumeUsages, 'get'>
  pods(): Iterable<Pod>
  /** Ends the pod: PodWorker.condemn. */
  condemn(uid: string, verdict: { reason: string; message: string; graceSeconds: number }): void
  imageGc: ImageGc
  /** Dead containers of all pods. */
  collectContainers(): Promise<unknown>
  /** The pressure is another one: the node's conditions are to say so. */
  onPressure(): void
  settings: EvictionSettings
  /** Default: this machine and the file systems of the node's directories. */
  look?(): Promise<Observed>
  /** Milliseconds of a clock that nobody sets. */
  monotonicNow?(): number
}

export interface NodeEviction {
  /** For the node's conditions. */
  pressure(): Health['pressure']
  /** Pods evicted so far, by what for. */
  counts(): ReadonlyMap<string, number>
  stop(): Promise<void>
}

const LOOK_EVERY_MS = 10_000
/** Measuring directories costs the disk something. */
const LIMITS_EVERY_MS = 60_000
/** A pod that was evicted gets so long to be gone before another one has to go. */
const CLEANUP_MS = 30_000
/** When a hard threshold is crossed. */
const GRACE_SECONDS = 1
/** Of a pod that does not say. */
const USUAL_GRACE_SECONDS = 30

export function startEviction(context: NodeContext, options: EvictionOptions): NodeEviction {
  const evictor = new Evictor(context, options)
  evictor.start()
  return evictor
}

class Evictor implements NodeEviction {
  readonly #context: NodeContext
  readonly #options: EvictionOptions
  readonly #counts = new Map<string, number>()
  readonly #now: () => number
  #timer: Timer | undefined
  #turn: Promise<void> = Promise.resolve()
  #stopped = false
  #seen: PressureSeen = {}
  #since: Since = new Map()
  #limitsAt = Number.NEGATIVE_INFINITY
  #leaving: { uid: string; since: number } | undefined

  constructor(context: NodeContext, options: EvictionOptions) {
    this.#context = context
    this.#options = options
    this.#now = options.monotonicNow ?? (() => performance.now())
  }

  start(): void {
    this.#timer = this.#context.clock.after(LOOK_EVERY_MS, () => {
      this.#turn = this.#look()
        .catch((error) =>
          this.#context.logger.warn('the node could not be looked at', { error: String(error) }),
        )
        .then(() => {
          if (!this.#stopped) this.start()
        })
    })
  }

  pressure(): Health['pressure'] {
    return Object.fromEntries(Object.entries(this.#seen).map(([kind, { text }]) => [kind, text]))
  }

  counts(): ReadonlyMap<string, number> {
    return this.#counts
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#timer?.cancel()
    await this.#turn
  }

  async #look(): Promise<void> {
    const found = await this.#shortages()
    this.#tell(found)
    const now = this.#now()
    this.#since = sinceAfter(this.#since, found, now)
    const [worst] = overdue(found, this.#since, now)
    if (worst !== undefined) await this.#relieve(worst)
    else await this.#enforceLimits()
  }

  async #shortages(): Promise<Shortage[]> {
    const { look, settings } = this.#options
    const observed = await (look?.() ?? observeMachine(this.#context.dirs))
    return shortages(observe(observed), settings.thresholds)
  }

  #tell(found: readonly Shortage[]): void {
    const kindsBefore = Object.keys(this.#seen).join()
    const texts = found.map((shortage) => ({ kind: shortage.kind, text: shortageText(shortage) }))
    this.#seen = pressureAfter(this.#seen, texts, this.#context.clock.now())
    if (Object.keys(this.#seen).join() !== kindsBefore) this.#options.onPressure()
  }

  async #relieve(shortage: Shortage): Promise<void> {
    const { event, nodeName, logger } = this.#context
    const message = `Attempting to reclaim ${shortage.resource}`
    event(nodeSubject(nodeName), { type: 'Warning', reason: 'EvictionThresholdMet', message })
    if (shortage.kind === 'disk' && (await this.#reclaim())) return
    const { sample } = await this.#options.stats.current()
    if (this.#isLeaving(sample.pods)) return
    const { volumes } = this.#options
    const disk = shortage.kind === 'disk'
    const usages = await Promise.all(
      sample.pods.map(async (pod) => podUsageOf(pod, disk ? await volumes.get(pod.pod) : undefined)),
    )
    const eviction = decideEviction(shortage, usages)
    if (eviction !== undefined) this.#evict(eviction, this.#graceOf(eviction, shortage))
    else
      logger.warn('the node runs short, and no pod of it may be evicted', {
        shortage: shortageText(shortage),
      })
  }

  /** True when that was enough. */
  async #reclaim(): Promise<boolean> {
    await this.#options.collectContainers()
    await this.#options.imageGc.collect({ allUnused: true })
    const left = overdue(await this.#shortages(), this.#since, this.#now())
    return left.every(({ kind }) => kind !== 'disk')
  }

  async #enforceLimits(): Promise<void> {
    if (this.#now() - this.#limitsAt < LIMITS_EVERY_MS) return
    this.#limitsAt = this.#now()
    const limited = new Set(
      [...this.#options.pods()].filter(hasDiskLimits).map(({ metadata }) => metadata.uid),
    )
    if (limited.size === 0) return
    const { sample } = await this.#options.stats.current()
    const { volumes } = this.#options
    const pods = sample.pods.filter(({ pod }) => limited.has(pod.metadata.uid))
    for (const pod of pods) {
      for (const eviction of decideLimits([podUsageOf(pod, await volumes.get(pod.pod))])) {
        this.#evict(eviction, GRACE_SECONDS)
      }
    }
  }

  #isLeaving(running: readonly PodSample[]): boolean {
    const leaving = this.#leaving
    if (leaving === undefined) return false
    // What it had in memory goes with its volumes, after its containers.
    const isThere =
      running.some(({ pod }) => pod.metadata.uid === leaving.uid) ||
      existsSync(volumesDir(this.#context.dirs, leaving.uid))
    if (isThere && this.#now() - leaving.since < CLEANUP_MS) return true
    this.#leaving = undefined
    return false
  }

  /** What is only scarce gives a pod time to end. */
  #graceOf({ pod }: Eviction, { graceMs }: Shortage): number {
    if (graceMs === undefined) return GRACE_SECONDS
    const own: number = pod['spec'].terminationGracePeriodSeconds ?? USUAL_GRACE_SECONDS
    return Math.min(own, this.#options.settings.maxPodGraceSeconds)
  }

  #evict({ pod, message, signal }: Eviction, graceSeconds: number): void {
    const uid = pod.metadata.uid ?? ''
    this.#context.logger.warn('a pod is evicted', {
      pod: `${pod.metadata.namespace}/${pod.metadata.name}`,
      message,
    })
    this.#context.event(pod, { type: 'Warning', reason: 'Evicted', message })
    this.#options.condemn(uid, { reason: 'Evicted', message, graceSeconds })
    this.#counts.set(signal, (this.#counts.get(signal) ?? 0) + 1)
    this.#leaving = { uid, since: this.#now() }
  }
}

async function observeMachine(dirs: NodeContext['dirs']): Promise<Observed> {
  const [nodeFs, imageFs] = await Promise.all([readFsUsage(dirs.root), readFsUsage(dirs.containerd)])
  return { node: readNodeUsage(), nodeFs, imageFs }
}
