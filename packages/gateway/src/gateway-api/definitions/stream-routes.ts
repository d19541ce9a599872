// TLSRoute and TCPRoute: whole connections, by the name in TLS' hello or by the port alone.

import type { Definition } from './definition.ts'
import { backendRefs, hostname, parentRefs, routeStatus, sectionName } from './parts.ts'
import { kind, list, object, says } from './schema.ts'

const rule = object({ name: sectionName, 'backendRefs!': backendRefs(undefined, { minItems: 1 }) })
const common = {
  scope: 'Namespaced' as const,
  // What was stored before v1 has to go on being read, also by the official definitions of both times.
  versions: ['v1', 'v1alpha2'],
  storage: 'v1alpha2',
  columns: [{ name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' }],
}

export const TLS_ROUTE: Definition = {
  ...common,
  names: { plural: 'tlsroutes', singular: 'tlsroute', kind: 'TLSRoute' },
  schema: kind(
    'Which TLS connections go to which Services, unopened.',
    object({
      parentRefs,
      hostnames: says(
        "Names in the client's hello; every name of the listener if empty.",
        list(hostname, 1024),
      ),
      'rules!': list(rule, 16, { minItems: 1 }),
    }),
    routeStatus,
  ),
}

export const TCP_ROUTE: Definition = {
  ...common,
  names: { plural: 'tcproutes', singular: 'tcproute', kind: 'TCPRoute' },
  schema: kind(
    'To which Services the connections of a port go.',
    object({ parentRefs, 'rules!': list(rule, 16, { minItems: 1 }) }),
    routeStatus,
  ),
}
