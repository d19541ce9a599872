// Runs the built-in controllers against an API server, in this process or another.

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
import { allControllers } from './registry.ts'

export interface StartOptions extends ControllerOptions {
  client: Client
  clock?: Clock
  random?: () => number
  logger?: Logger
  metrics?: Metrics
  /** Controllers of other packages that share the informers (the scheduler, products). */
  more?: (dependencies: Dependencies) => ControllerSpec[]
}

/** What they make is what a new pod is refused without. */
const NEEDED_BY_PODS: readonly string[] = ['service-account', 'root-ca-publisher']

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

export function startControllers(options: StartOptions): RunningControllers {
  const { client, clock = systemClock, random = Math.random, metrics = noMetrics } = options
  const logger = options.logger ?? createLogger()
  const informers = new Informers({ client, clock, random, logger })
  const definitions = informers.for(CUSTOM_RESOURCE_DEFINITIONS)
  const monitors = new MetadataMonitors({ client, definitions, clock, random, logger })
  const bootstrapped = Promise.withResolvers<void>()
  const onBootstrapped = () => bootstrapped.resolve()
  const shared = { informers, monitors, clock, random, logger, metrics, onBootstrapped }
  const dependencies: Dependencies = { ...options, ...shared }
  const specs = [...allControllers(dependencies), ...(options.more?.(dependencies) ?? [])]
  const controllers = specs.map((spec) => runController(spec, { clock, logger, metrics }))
  informers.start()
  monitors.start()
  const whenAtWork = (some: readonly RunningController[]) =>
    Promise.all([bootstrapped.promise, ...some.map(({ ready }) => ready)]).then(() => undefined)
  return {
    usable: whenAtWork(NEEDED_BY_PODS.map((name) => named(controllers, name))),
    ready: whenAtWork(controllers),
    controllers,
    informers,
    get idle() {
      return controllers.every(({ queue }) => queue.idle)
    },
    async stop() {
      await Promise.all(controllers.map((controller) => controller.stop()))
      await monitors.stop()
      await informers.stop()
    },
  }
}

function named(controllers: readonly RunningController[], name: string): RunningController {
  const found = controllers.find((controller) => controller.name === name)
  assert(found !== undefined, `there is a controller ${name}`)
  return found
}
