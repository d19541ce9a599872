// GRPCRoute: which calls go to which Services.

import type { Definition } from './definition.ts'
import {
  backendRefs,
  commonFilters,
  headerMatches,
  hostnames,
  matchType,
  parentRefs,
  routeStatus,
  sectionName,
} from './parts.ts'
import { choice, kind, list, object, says } from './schema.ts'

const match = object({
  method: object({
    type: matchType,
    service: says('With its package: `shop.v1.Cart`.', { type: 'string', maxLength: 1024 }),
    method: { type: 'string', maxLength: 1024 },
  }),
  headers: headerMatches,
})

const filters = list(
  object({
    'type!': choice('RequestHeaderModifier ResponseHeaderModifier RequestMirror ExtensionRef'),
    ...commonFilters,
  }),
  16,
)

const rule = object({
  name: sectionName,
  matches: says('Any of them is enough; every call if empty.', list(match, 64)),
  filters,
  backendRefs: backendRefs(filters),
})

export const GRPC_ROUTE: Definition = {
  names: { plural: 'grpcroutes', singular: 'grpcroute', kind: 'GRPCRoute' },
  scope: 'Namespaced',
  versions: ['v1'],
  storage: 'v1',
  columns: [
    { name: 'Hostnames', type: 'string', jsonPath: '.spec.hostnames' },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  ],
  schema: kind(
    'Which gRPC calls go to which Services.',
    object({ parentRefs, hostnames: hostnames(), rules: list(rule, 16) }),
    routeStatus,
  ),
}
