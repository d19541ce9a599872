// How controllers are started: those first that a new pod needs, the others when these are at work, so that a cloud is
// of use as soon as it can be. What the others are made of may be loaded only then.

import { assert } from '@brume/base/assert'
import { type Clock, systemClock } from '@brume/base/clock'
import { createLogger, type Logger } from '@brume/base/log'
import { CUSTOM_RESOURCE_DEFINITIONS } from '@brume/client/builtin'
import type { Client } from '@brume/client/client'
import { type ControllerSpec, type RunningController, runController } from '@brume/client/controller'
import { Informers } from '@brume/client/informers'
import { type Metrics, noMetrics } from '@brume/client/metrics'
import type { ControllerOptions, Dependencies } from './dependencies.ts'
import { MetadataMonitors } from './metadata/monitors.ts'

export interface StartOptions extends ControllerOptions {
  client: Client
  clock?: Clock
  random?: () => number
  logger?: Logger
  metrics?: Metrics
  /** Controllers of other packages that share the informers (the scheduler, products). */
  more?: (dependencies: Dependencies) => ControllerSpec[]
}

export interface RunningControllers {
  /** The objects that every cluster has exist, and new namespaces get what pods need. Others may still be reading. */
  readonly usable: Promise<void>
  /** All controllers are at work, and the objects that every cluster has exist. */
  readonly ready: Promise<void>
  readonly controllers: readonly RunningController[]
  readonly informers: Informers
  /** No queue has anything to do now (delayed keys count as something). */
  readonly idle: boolean
  /** Resolves when what was under way has ended. */
  stop(): Promise<void>
}

export interface Phases {
  first(dependencies: Dependencies): ControllerSpec[]
  /** Asked for when the first are at work. Absent: the first are all. */
  others?(dependencies: Dependencies): Promise<ControllerSpec[]>
}

/** What they make is what a new pod is refused without. */
const NEEDED_BY_PODS: readonly string[] = ['service-account', 'root-ca-publisher']

export function startInPhases(options: StartOptions, phases: Phases): RunningControllers {
  const { client, clock = systemClock, random = Math.random, metrics = noMetrics } = options
  const logger = options.logger ?? createLogger()
  const informers = new Informers({ client, clock, random, logger })
  const definitions = informers.for(CUSTOM_RESOURCE_DEFINITIONS)
  const monitors = new MetadataMonitors({ client, definitions, clock, random, logger })
  const bootstrapped = Promise.withResolvers<void>()
  const onBootstrapped = () => bootstrapped.resolve()
  const shared = { informers, monitors, clock, random, logger, metrics, onBootstrapped }
  const dependencies: Dependencies = { ...options, ...shared }
  const controllers: RunningController[] = []
  const start = (specs: readonly ControllerSpec[]) => {
    for (const spec of specs) controllers.push(runController(spec, { clock, logger, metrics }))
  }
  start([...phases.first(dependencies), ...(options.more?.(dependencies) ?? [])])
  informers.start()
  const needed = controllers.filter(({ name }) => NEEDED_BY_PODS.includes(name))
  assert(needed.length === NEEDED_BY_PODS.length, 'what pods need comes first')
  const usable = Promise.all([bootstrapped.promise, ...needed.map(({ ready }) => ready)]).then(
    () => undefined,
  )
  let isStopping = false
  const startOthers = async () => {
    if (phases.others !== undefined) {
      await usable
      const specs = await phases.others(dependencies)
      if (isStopping) return
      start(specs)
    }
    monitors.start()
  }
  const started = startOthers()
  return {
    usable,
    ready: Promise.all([usable, started])
      .then(() => Promise.all(controllers.map(({ ready }) => ready)))
      .then(() => undefined),
    controllers,
    informers,
    get idle() {
      return controllers.every(({ queue }) => queue.idle)
    },
    async stop() {
      isStopping = true
      await Promise.all(controllers.map((controller) => controller.stop()))
      await monitors.stop()
      await informers.stop()
    },
  }
}
