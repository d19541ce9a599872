// Which form of discovery a client takes: the aggregated one (v2 or v2beta1) or the plain one, as JSON, YAML or
// protobuf. Newer clients list all of them in their order of preference.

import { StatusError } from '@brume/base/errors'
import { CONTENT_TYPES, clausesOf, type Encoding } from '../http/accept.ts'

export interface DiscoveryForm {
  encoding: Encoding
  /** Version of apidiscovery.k8s.io; undefined: the plain form. */
  aggregated?: 'v2' | 'v2beta1'
}

const ENCODINGS: ReadonlyMap<string, Encoding> = new Map([
  ['application/json', 'json'],
  ['application/yaml', 'yaml'],
  ['application/vnd.kubernetes.protobuf', 'protobuf'],
  ['application/*', 'json'],
  ['*/*', 'json'],
])

/** Throws 406 NotAcceptable. `aggregated` says whether the path has the aggregated form at all. */
export function negotiateDiscovery(accept: string | undefined, aggregated: boolean): DiscoveryForm {
  for (const clause of clausesOf(accept === undefined || accept === '' ? '*/*' : accept)) {
    const encoding = ENCODINGS.get(clause.type)
    if (encoding === undefined) continue
    const as = clause.params.get('as')
    if (as === undefined) return { encoding }
    if (!aggregated || as !== 'APIGroupDiscoveryList' || clause.params.get('g') !== 'apidiscovery.k8s.io')
      continue
    const version = clause.params.get('v')
    if (version === 'v2' || version === 'v2beta1') return { encoding, aggregated: version }
  }
  throw new StatusError(
    'NotAcceptable',
    `only the following media types are accepted: ${Object.values(CONTENT_TYPES).join(', ')}`,
  )
}

export function contentTypeOf({ encoding, aggregated }: DiscoveryForm): string {
  const type = CONTENT_TYPES[encoding]
  return aggregated === undefined
    ? type
    : `${type};g=apidiscovery.k8s.io;v=${aggregated};as=APIGroupDiscoveryList`
}
