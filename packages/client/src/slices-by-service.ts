// EndpointSlices by the Service that they belong to: an index of their informer.

import { SERVICE_NAME } from '@brume/api/network/service-model'
import type { KubeObject } from '@brume/api/object'
import type { Informer } from './informer.ts'

const BY_SERVICE = 'slices-by-service'

export class SlicesByService {
  readonly #slices: Pick<Informer, 'store'>

  constructor(slices: Pick<Informer, 'store' | 'addIndex'>) {
    slices.addIndex(BY_SERVICE, (slice) => [serviceKeyOf(slice)])
    this.#slices = slices
  }

  of(namespace: string, name: string): Iterable<KubeObject> {
    return this.#slices.store.byIndex(BY_SERVICE, `${namespace}/${name}`)
  }
}

/** `namespace/name` of the Service that a slice belongs to; no name for a slice of none. */
export function serviceKeyOf({ metadata }: KubeObject): string {
  return `${metadata.namespace}/${metadata.labels?.[SERVICE_NAME] ?? ''}`
}
