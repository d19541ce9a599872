// Content negotiation: which encoding, and which view of the object (Table, PartialObjectMetadata), a client takes.

import { StatusError } from '@brume/base/errors'
import type { ApiRequest } from './types.ts'

export type Encoding = 'json' | 'yaml' | 'protobuf'

export interface Accepted {
  encoding: Encoding
  /** `Table`, `PartialObjectMetadata`, `PartialObjectMetadataList`, `APIGroupDiscoveryList`...; '' for the object itself. */
  as: string
  asGroup: string
  asVersion: string
  pretty: boolean
}

export const CONTENT_TYPES: Record<Encoding, string> = {
  json: 'application/json',
  yaml: 'application/yaml',
  protobuf: 'application/vnd.kubernetes.protobuf',
}

const ENCODINGS: ReadonlyMap<string, Encoding> = new Map([
  ['application/json', 'json'],
  ['application/yaml', 'yaml'],
  ['application/vnd.kubernetes.protobuf', 'protobuf'],
  ['application/*', 'json'],
  ['*/*', 'json'],
])

const MAX_ACCEPT_LENGTH = 4096
const cache = new Map<string, Clause[]>()
const CACHE_LIMIT = 256

interface Clause {
  type: string
  params: Map<string, string>
  q: number
}

/** What the resource offers beside the object itself; `undefined` transforms are refused with 406. */
export interface Offer {
  /** e.g. `Table`, `PartialObjectMetadata`. */
  views: readonly string[]
  protobuf: boolean
}

export const TABLE_VIEWS: Offer['views'] = ['Table', 'PartialObjectMetadata', 'PartialObjectMetadataList']

/** The first acceptable clause in the client's order of preference. Throws 406 NotAcceptable. */
export function negotiate(header: string | undefined, offer: Offer, pretty: string | null): Accepted {
  for (const clause of clausesOf(header ?? '*/*')) {
    const encoding = ENCODINGS.get(clause.type)
    if (encoding === undefined) continue
    const as = clause.params.get('as') ?? ''
    if (encoding === 'protobuf' && !hasProtobuf(offer, as)) continue
    const asGroup = clause.params.get('g') ?? ''
    const asVersion = clause.params.get('v') ?? ''
    if (as !== '') {
      const known = asGroup === 'meta.k8s.io' && (asVersion === 'v1' || asVersion === 'v1beta1')
      if (!known || !offer.views.includes(as)) continue
    }
    return { encoding, as, asGroup, asVersion, pretty: isPretty(pretty, clause.params.get('pretty')) }
  }
  throw notAcceptable(offer)
}

/**
 * What the client says of indentation: its `pretty`, or else whether it is a tool that shows answers to a person. (Not
 * browsers, unlike in Kubernetes: the console speaks this API too.)
 */
export function prettyOf({ query, headers }: Pick<ApiRequest, 'query' | 'headers'>): string | null {
  const agent = headers['user-agent'] ?? ''
  return query.get('pretty') ?? (/^(curl|Wget)\//.test(agent) ? 'true' : null)
}

/** A Table has no protobuf form; the metadata of every kind has one, also of a kind that has none. */
function hasProtobuf(offer: Offer, as: string): boolean {
  if (as === 'Table') return false
  return offer.protobuf || as === 'PartialObjectMetadata' || as === 'PartialObjectMetadataList'
}

function isPretty(query: string | null, param: string | undefined): boolean {
  const value = query ?? param
  return value !== undefined && value !== null && value !== '0' && value !== 'false'
}

export function notAcceptable(offer: Offer): StatusError {
  const types = ['application/json', 'application/yaml']
  if (offer.protobuf) types.push('application/vnd.kubernetes.protobuf')
  return new StatusError('NotAcceptable', `only the following media types are accepted: ${types.join(', ')}`)
}

export function clausesOf(header: string): readonly Clause[] {
  const known = cache.get(header)
  if (known !== undefined) return known
  if (header.length > MAX_ACCEPT_LENGTH) return []
  const clauses = header
    .split(',')
    .map(parseClause)
    .filter((clause) => clause.q > 0)
  clauses.sort((a, b) => b.q - a.q)
  if (cache.size >= CACHE_LIMIT) cache.clear()
  cache.set(header, clauses)
  return clauses
}

function parseClause(text: string): Clause {
  const [type = '', ...rest] = text.split(';')
  const params = new Map<string, string>()
  for (const param of rest) {
    const at = param.indexOf('=')
    if (at > 0) params.set(param.slice(0, at).trim(), param.slice(at + 1).trim())
  }
  const q = Number(params.get('q') ?? 1)
  return { type: type.trim().toLowerCase(), params, q: Number.isFinite(q) ? q : 0 }
}
