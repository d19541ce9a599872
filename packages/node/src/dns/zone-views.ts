// Which zone answers whom: the most particular name, and of zones with that name the one for the asker's namespace, else
// the one for everybody. Kept up to date by an informer of DnsZones; a change counts from the next question on.

import type { DnsRecord } from '@brume/api/network/dns-records'
import { type DnsZone, readZones } from '@brume/api/network/dns-zones'
import type { Clock } from '@brume/base/clock'
import type { Logger } from '@brume/base/log'
import type { Informer } from '@brume/client/informer'
import type { FairShare } from './fair-share.ts'
import { type Upstream, upstream } from './upstream.ts'
import { type SearchedZone, searched, zoneAnswer } from './zone-answer.ts'

export interface ZoneSource {
  /** undefined: no zone has it for who asks. `name` in lower case, without a dot at its end. */
  find(name: string, client: string): FoundInZone | undefined
  /** Resolves when zones are known, or cannot be known for now. */
  synced(): Promise<void>
}

export type FoundInZone =
  | { type: 'records'; records: readonly DnsRecord[]; zone: string; ttlSeconds: number }
  | { type: 'unknown'; zone: string; ttlSeconds: number }
  | { type: 'alias'; target: string; zone: string; ttlSeconds: number }
  | { type: 'forward'; upstream: Upstream }

export interface ZoneViewsOptions {
  zones: Informer
  domain: string
  /** Of whom there is no pod known: undefined. */
  namespaceOf(client: string): string | undefined
  /** Resolves when pods are known. */
  clientsKnown(): Promise<unknown>
  /** For zones that are asked of the node's own servers. */
  upstream: Upstream
  share: FairShare
  /** This server: it is not asked by itself. */
  ownAddress: string
  clock: Clock
  logger: Logger
}

interface Views {
  all?: SearchedZone
  byNamespace: Map<string, SearchedZone>
}

/** Without the API server, names of the world are answered nevertheless. */
const START_LIMIT_MS = 3000
/** Of each set of servers that zones are asked of. */
const MAX_KEPT_BYTES = 512 * 1024

export class ZoneViews implements ZoneSource {
  readonly #options: ZoneViewsOptions
  #views = new Map<string, Views>()
  #upstreams = new Map<string, Upstream>()
  #isCurrent = true
  #isStarted = false
  readonly #started: Promise<unknown>
  readonly #stop: () => void

  constructor(options: ZoneViewsOptions) {
    this.#options = options
    const { zones, clientsKnown, clock } = options
    const change = () => {
      this.#isCurrent = false
    }
    this.#stop = zones.addHandler({ add: change, update: change, delete: change })
    const { promise, resolve } = Promise.withResolvers<void>()
    clock.after(START_LIMIT_MS, resolve)
    this.#started = Promise.race([Promise.all([zones.synced(), clientsKnown()]), promise]).then(() => {
      this.#isStarted = true
    })
  }

  async synced(): Promise<void> {
    if (!this.#isStarted) await this.#started
  }

  find(name: string, client: string): FoundInZone | undefined {
    if (!this.#isCurrent) this.#read()
    if (this.#views.size === 0) return undefined
    const found = this.#zoneOf(name, client)
    if (found === undefined) return undefined
    const { zone, ttlSeconds } = found
    const answer = zoneAnswer(found, name)
    if (answer.type === 'forward') return { type: 'forward', upstream: this.#upstreamOf(found) }
    return { ...answer, zone, ttlSeconds }
  }

  stop(): void {
    this.#stop()
  }

  #zoneOf(name: string, client: string): SearchedZone | undefined {
    let namespace: string | undefined | false = false
    for (let at = name; ; at = at.includes('.') ? at.slice(at.indexOf('.') + 1) : '') {
      const views = this.#views.get(at)
      if (views !== undefined) {
        if (namespace === false) namespace = this.#options.namespaceOf(client)
        const own = namespace === undefined ? undefined : views.byNamespace.get(namespace)
        const found = own ?? views.all
        if (found !== undefined) return found
      }
      if (at === '') return undefined
    }
  }

  #read(): void {
    this.#isCurrent = true
    const { zones, domain } = this.#options
    const { served } = readZones(zones.store.list(), domain)
    const views = new Map<string, Views>()
    for (const zone of served.map(searched)) {
      const at = views.get(zone.zone) ?? { byNamespace: new Map<string, SearchedZone>() }
      if (zone.namespaces === undefined) at.all = zone
      for (const namespace of zone.namespaces ?? []) at.byNamespace.set(namespace, zone)
      views.set(zone.zone, at)
    }
    this.#views = views
    const wanted = new Set(served.map(keyOf))
    this.#upstreams = new Map([...this.#upstreams].filter(([key]) => wanted.has(key)))
  }

  #upstreamOf(zone: DnsZone): Upstream {
    const { upstream: usual, share, clock, ownAddress, logger } = this.#options
    if (zone.forward === undefined || zone.forward.length === 0) return usual
    const known = this.#upstreams.get(keyOf(zone))
    if (known !== undefined) return known
    const servers = zone.forward.filter((server) => server.replace(/:\d+$/, '') !== ownAddress)
    if (servers.length < zone.forward.length)
      logger.warn('a zone is forwarded to the server that forwards it; that server is left out', {
        zone: zone.zone,
        server: ownAddress,
      })
    const made = upstream({ servers, clock, share, maxKeptBytes: MAX_KEPT_BYTES })
    this.#upstreams.set(keyOf(zone), made)
    return made
  }
}

function keyOf({ forward = [] }: DnsZone): string {
  return forward.join(' ')
}
