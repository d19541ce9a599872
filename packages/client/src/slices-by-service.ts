// EndpointSlices by the Service that they belong to, kept up to date by an informer.

import { SERVICE_NAME } from '@brume/api/network/service-model'
import type { KubeObject } from '@brume/api/object'
import type { Informer } from './informer.ts'
import { keyOf } from './resource-ref.ts'

const NONE: ReadonlyMap<string, KubeObject> = new Map()

export class SlicesByService {
  readonly #byService = new Map<string, Map<string, KubeObject>>()

  /** Handlers that are added to the informer later find the change made here already. */
  constructor(slices: Informer) {
    slices.addHandler({
      add: (slice) => this.#keep(slice),
      update: (slice, before) => {
        if (before !== undefined) this.#drop(before)
        this.#keep(slice)
      },
      delete: (slice) => this.#drop(slice),
    })
  }

  of(namespace: string, name: string): Iterable<KubeObject> {
    return (this.#byService.get(`${namespace}/${name}`) ?? NONE).values()
  }

  #keep(slice: KubeObject): void {
    const service = serviceKeyOf(slice)
    const known = this.#byService.get(service) ?? new Map<string, KubeObject>()
    known.set(keyOf(slice), slice)
    this.#byService.set(service, known)
  }

  #drop(slice: KubeObject): void {
    const service = serviceKeyOf(slice)
    this.#byService.get(service)?.delete(keyOf(slice))
    if (this.#byService.get(service)?.size === 0) this.#byService.delete(service)
  }
}

/** `namespace/name` of the Service that a slice belongs to; no name for a slice of none. */
export function serviceKeyOf({ metadata }: KubeObject): string {
  return `${metadata.namespace}/${metadata.labels?.[SERVICE_NAME] ?? ''}`
}
