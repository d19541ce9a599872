// The DNS server that this node's pods ask: on the bridge's own address, so that it needs no Service and no pod.

import { addressAt, parseRangeOf } from '@brume/api/network/ip-range'
import type { Clock } from '@brume/base/clock'
import type { Logger } from '@brume/base/log'
import type { Informer } from '@brume/client/informer'
import type { SlicesByService } from '@brume/client/slices-by-service'
import { Askers } from '../dns/askers.ts'
import { FairShare } from '../dns/fair-share.ts'
import { resolver } from '../dns/resolve.ts'
import { startDnsServer } from '../dns/server.ts'
import { silenceRefusals } from '../dns/silence.ts'
import { InformedNames } from '../dns/source.ts'
import { SHARES, upstream } from '../dns/upstream.ts'
import { ZoneViews } from '../dns/zone-views.ts'
import type { PodNetwork } from '../network/network.ts'
import { readHostDns } from './settings.ts'

export interface NamesOptions {
  network: PodNetwork
  /** Name of the cloud's tables. */
  table: string
  services: Informer
  slices: Informer
  slicesByService: SlicesByService
  zones: Informer
  /** Of this node. */
  pods: Informer
  domain: string
  clock: Clock
  logger: Logger
}

export interface Names {
  /** What pods are told to ask; none: what the node itself asks. */
  servers: readonly string[]
  /** Sentences, each with what mends it. */
  problems: readonly string[]
  /** A pod asks from these addresses from now on. */
  asks(podUid: string, podIps: readonly string[]): void
  close(): Promise<void>
}

const PORT = 53

/** Never throws: a cloud without names still runs pods, and says what is missing. */
export async function startNames(options: NamesOptions): Promise<Names> {
  const { network, table, services, slices, slicesByService, zones, pods, domain, clock, logger } = options
  const range = network.range === undefined ? undefined : parseRangeOf(4, network.range)
  const none = { servers: [], problems: [], asks: () => {}, close: async () => {} }
  // With a site's own network there is no address that all pods reach for certain.
  if (range === undefined) return none
  const host = addressAt(range, 1)
  await silenceRefusals(table, host).catch((error) =>
    logger.warn('pods whose questions for names come while Brume is started again will not ask twice', {
      error: String(error),
    }),
  )
  const source = new InformedNames({ services, slices, slicesByService, domain, clock })
  const share = new FairShare(SHARES)
  const usual = upstream({ servers: readHostDns().servers, clock, share })
  const askers = new Askers(pods)
  const views = new ZoneViews({
    zones,
    domain,
    namespaceOf: (client) => askers.namespaceOf(client),
    clientsKnown: () => pods.synced(),
    upstream: usual,
    share,
    ownAddress: host,
    clock,
    logger,
  })
  const stop = () => {
    for (const one of [source, views, askers]) one.stop()
  }
  const resolve = resolver({ source, domain, upstream: usual, zones: views })
  try {
    const server = await startDnsServer({ host, port: PORT, resolve, logger })
    return {
      servers: [host],
      problems: [],
      asks: (podUid, podIps) => askers.has(podUid, podIps),
      async close() {
        stop()
        await server.close()
      },
    }
  } catch (error) {
    stop()
    const problem = `names of Services cannot be served at ${host}:${PORT} (${(error as Error).message}): another DNS server listens on every address; bind it to its own, then start Brume again`
    logger.warn(problem)
    return { ...none, problems: [problem] }
  }
}
