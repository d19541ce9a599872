// Runs the workload controllers against a control plane, as a process of their own would.

import { systemClock } from '@brume/base/clock'
import { createLogger } from '@brume/base/log'
import type { Client } from '@brume/client/client'
import { runController } from '@brume/client/controller'
import { Informers } from '@brume/client/informers'
import { noMetrics } from '@brume/client/metrics'
import { workloadControllers } from '../workloads.ts'

export interface RunningWorkloads {
  stop(): Promise<void>
}

export async function runWorkloads(client: Client): Promise<RunningWorkloads> {
  const [clock, logger] = [systemClock, createLogger('error')]
  const informers = new Informers({ client, clock, random: Math.random, logger })
  const specs = workloadControllers({ client, informers, clock, logger })
  const running = specs.map((spec) => runController(spec, { clock, logger, metrics: noMetrics }))
  informers.start()
  await Promise.all(running.map(({ ready }) => ready))
  return {
    async stop() {
      await Promise.all(running.map((controller) => controller.stop()))
      await informers.stop()
    },
  }
}
