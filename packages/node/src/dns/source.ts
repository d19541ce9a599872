// Services and endpoints as the names need them: found by name and by address, kept up to date by informers.

import { type EndpointSlice, SERVICE_NAME, type Service } from '@brume/api/network/service-model'
import type { KubeObject } from '@brume/api/object'
import { listOf } from '@brume/api/validate/json'
import type { Clock } from '@brume/base/clock'
import type { Informer } from '@brume/client/informer'
import { keyOf } from '@brume/client/resource-ref'
import type { SlicesByService } from '@brume/client/slices-by-service'
import { labelOf, type NameSource } from './names.ts'

export interface InformedNamesOptions {
  services: Informer<Service>
  slices: Informer<EndpointSlice>
  slicesByService: SlicesByService
  domain: string
  clock: Clock
}

interface Named {
  namespace: string
  service: string
  /** Of an endpoint: a name only while the Service is headless. */
  label?: string
}

/** Clients ask again after five seconds: one answer that is late is better than one that is wrong. */
const SYNC_LIMIT_MS = 4000

export class InformedNames implements NameSource {
  readonly #services: Informer<Service>
  readonly #domain: string
  readonly #clock: Clock
  readonly #slicesByService: SlicesByService
  readonly #slices: Informer<EndpointSlice>
  /** Address -> owner -> what it is there. */
  readonly #names = new Map<string, Map<string, Named>>()
  readonly #namespaces = new Map<string, number>()
  readonly #stops: (() => void)[]

  constructor({ services, slices, slicesByService, domain, clock }: InformedNamesOptions) {
    this.#services = services
    this.#slices = slices
    this.#clock = clock
    this.#slicesByService = slicesByService
    this.#domain = domain
    this.#stops = [
      services.addHandler({
        add: (service) => this.#service(undefined, service),
        update: (service, before) => this.#service(before, service),
        delete: (service) => this.#service(service, undefined),
      }),
      slices.addHandler({
        add: (slice) => this.#slice(undefined, slice),
        update: (slice, before) => this.#slice(before, slice),
        delete: (slice) => this.#slice(slice, undefined),
      }),
    ]
  }

  stop(): void {
    for (const stop of this.#stops) stop()
  }

  service(namespace: string, name: string): Service | undefined {
    return this.#services.store.get(namespace, name)
  }

  slices(namespace: string, name: string): Iterable<EndpointSlice> {
    return this.#slicesByService.of(namespace, name)
  }

  /** Those with a Service; of others there is nothing to say but that. */
  namespaceExists(namespace: string): boolean {
    return this.#namespaces.has(namespace)
  }

  namesOf(address: string): Iterable<string> {
    const found = new Set<string>()
    for (const { namespace, service, label } of this.#names.get(address)?.values() ?? []) {
      const own = `${service}.${namespace}.svc.${this.#domain}`
      if (label === undefined) found.add(own)
      else if (this.service(namespace, service)?.['spec'].clusterIP === 'None') found.add(`${label}.${own}`)
    }
    return found
  }

  async synced(): Promise<void> {
    const informers = [this.#services, this.#slices]
    if (informers.every(({ hasSynced }) => hasSynced)) return
    await within(Promise.all(informers.map((one) => one.synced())), SYNC_LIMIT_MS, this.#clock)
  }

  #service(before: Service | undefined, after: Service | undefined): void {
    for (const [service, change] of [
      [before, -1],
      [after, 1],
    ] as const) {
      if (service === undefined) continue
      const { namespace = '', name = '' } = service.metadata
      const count = (this.#namespaces.get(namespace) ?? 0) + change
      if (count <= 0) this.#namespaces.delete(namespace)
      else this.#namespaces.set(namespace, count)
      for (const ip of listOf(service['spec'].clusterIPs) as unknown as string[]) {
        if (ip === 'None') continue
        this.#name(ip, `service/${keyOf(service)}`, change > 0 ? { namespace, service: name } : undefined)
      }
    }
  }

  #slice(before: EndpointSlice | undefined, after: EndpointSlice | undefined): void {
    if (before !== undefined) this.#endpoints(before, false)
    if (after !== undefined) this.#endpoints(after, true)
  }

  /** Those that are ready (the specification, section 2.4). */
  #endpoints(slice: KubeObject, present: boolean): void {
    const { namespace = '', labels } = slice.metadata
    const service = labels?.[SERVICE_NAME]
    if (service === undefined) return
    for (const { addresses, hostname, conditions } of listOf(slice['endpoints'])) {
      if (conditions?.ready === false) continue
      for (const address of listOf(addresses) as unknown as string[]) {
        const named = { namespace, service, label: labelOf(address, hostname) }
        this.#name(address, `slice/${keyOf(slice)}`, present ? named : undefined)
      }
    }
  }

  #name(address: string, owner: string, name: Named | undefined): void {
    const names = this.#names.get(address) ?? new Map<string, Named>()
    if (name === undefined) names.delete(owner)
    else names.set(owner, name)
    if (names.size === 0) this.#names.delete(address)
    else this.#names.set(address, names)
  }
}

/** Throws when it takes longer. */
export async function within(work: Promise<unknown>, limitMs: number, clock: Clock): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>()
  const timer = clock.after(limitMs, () => reject(new Error(`not known within ${limitMs} ms`)))
  await Promise.race([work, promise]).finally(() => timer.cancel())
}
