// Services and endpoints as the names need them: found by name and by address, kept up to date by informers.

import { type EndpointSlice, SERVICE_NAME, type Service } from '@brume/api/network/service-model'
import type { KubeObject } from '@brume/api/object'
import { listOf } from '@brume/api/validate/json'
import type { Informer } from '@brume/client/informer'
import { keyOf } from '@brume/client/resource-ref'
import type { SlicesByService } from '@brume/client/slices-by-service'
import type { NameSource } from './names.ts'

export interface InformedNamesOptions {
  services: Informer<Service>
  slices: Informer<EndpointSlice>
  slicesByService: SlicesByService
  domain: string
}

export class InformedNames implements NameSource {
  readonly #services: Informer<Service>
  readonly #domain: string
  readonly #slicesByService: SlicesByService
  /** Address -> owner -> name. */
  readonly #names = new Map<string, Map<string, string>>()
  readonly #namespaces = new Map<string, number>()
  readonly #stops: (() => void)[]

  constructor({ services, slices, slicesByService, domain }: InformedNamesOptions) {
    this.#services = services
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
    return new Set(this.#names.get(address)?.values() ?? [])
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
        this.#name(ip, `service/${keyOf(service)}`, change > 0 ? this.#ownName(namespace, name) : undefined)
      }
    }
  }

  #slice(before: EndpointSlice | undefined, after: EndpointSlice | undefined): void {
    if (before !== undefined) this.#endpoints(before, false)
    if (after !== undefined) this.#endpoints(after, true)
  }

  /** Only endpoints with a host name have a name of their own that is told for their address. */
  #endpoints(slice: KubeObject, present: boolean): void {
    const { namespace = '', labels } = slice.metadata
    const name = labels?.[SERVICE_NAME]
    if (name === undefined) return
    for (const { addresses, hostname } of listOf(slice['endpoints'])) {
      if (hostname === undefined) continue
      for (const address of listOf(addresses) as unknown as string[]) {
        const full = `${hostname}.${this.#ownName(namespace, name)}`
        this.#name(address, `slice/${keyOf(slice)}`, present ? full : undefined)
      }
    }
  }

  #name(address: string, owner: string, name: string | undefined): void {
    const names = this.#names.get(address) ?? new Map<string, string>()
    if (name === undefined) names.delete(owner)
    else names.set(owner, name)
    if (names.size === 0) this.#names.delete(address)
    else this.#names.set(address, names)
  }

  #ownName(namespace: string, name: string): string {
    return `${name}.${namespace}.svc.${this.#domain}`
  }
}
