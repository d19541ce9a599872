// The DNS server that this node's pods ask: on the bridge's own address, so that it needs no Service and no pod.

import { addressAt, parseRangeOf } from '@brume/api/network/ip-range'
import type { Clock } from '@brume/base/clock'
import type { Logger } from '@brume/base/log'
import type { Informer } from '@brume/client/informer'
import type { SlicesByService } from '@brume/client/slices-by-service'
import { resolver } from '../dns/resolve.ts'
import { startDnsServer } from '../dns/server.ts'
import { InformedNames } from '../dns/source.ts'
import { upstream } from '../dns/upstream.ts'
import type { PodNetwork } from '../network/network.ts'
import { readHostDns } from './settings.ts'

export interface NamesOptions {
  network: PodNetwork
  services: Informer
  slices: Informer
  slicesByService: SlicesByService
  domain: string
  clock: Clock
  logger: Logger
}

export interface Names {
  /** What pods are told to ask; none: what the node itself asks. */
  servers: readonly string[]
  /** Sentences, each with what mends it. */
  problems: readonly string[]
  close(): Promise<void>
}

const PORT = 53

/** Never throws: a cloud without names still runs pods, and says what is missing. */
export async function startNames(options: NamesOptions): Promise<Names> {
  const { network, services, slices, slicesByService, domain, clock, logger } = options
  const range = network.range === undefined ? undefined : parseRangeOf(4, network.range)
  const none = { servers: [], problems: [], close: async () => {} }
  // With a site's own network there is no address that all pods reach for certain.
  if (range === undefined) return none
  const host = addressAt(range, 1)
  const source = new InformedNames({ services, slices, slicesByService, domain })
  const resolve = resolver({ source, domain, upstream: upstream({ servers: readHostDns().servers, clock }) })
  try {
    const server = await startDnsServer({ host, port: PORT, resolve, logger })
    return {
      servers: [host],
      problems: [],
      async close() {
        source.stop()
        await server.close()
      },
    }
  } catch (error) {
    source.stop()
    const problem = `names of Services cannot be served at ${host}:${PORT} (${(error as Error).message}): another DNS server listens on every address; bind it to its own, then start Brume again`
    logger.warn(problem)
    return { ...none, problems: [problem] }
  }
}
