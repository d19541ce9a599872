// HTTPRoute: which requests go to which Services, and what happens to them on the way.

import type { Definition } from './definition.ts'
import {
  backendRefs,
  commonFilters,
  duration,
  headerMatches,
  headerName,
  hostnames,
  matchType,
  parentRefs,
  port,
  preciseHostname,
  routeStatus,
  sectionName,
} from './parts.ts'
import { choice, integer, kind, list, listBy, object, says, setOf, text } from './schema.ts'

const everyPath = { type: 'PathPrefix', value: '/' }

const match = object({
  path: object(
    {
      type: choice('Exact PathPrefix RegularExpression', { default: 'PathPrefix' }),
      value: { type: 'string', maxLength: 1024, default: '/' },
    },
    { default: everyPath },
  ),
  headers: says('All of them have to be there.', headerMatches),
  queryParams: says(
    'All of them have to be there.',
    listBy('name', object({ 'name!': headerName, type: matchType, 'value!': text(1024) }), 16),
  ),
  method: choice('GET HEAD POST PUT DELETE CONNECT OPTIONS TRACE PATCH'),
})

const newPath = object({
  'type!': choice('ReplaceFullPath ReplacePrefixMatch'),
  replaceFullPath: { type: 'string', maxLength: 1024 },
  replacePrefixMatch: { type: 'string', maxLength: 1024 },
})

const ORIGIN = '^\\*$|^https?:\\/\\/(\\*|(\\*\\.)?[a-zA-Z0-9-]+(\\.[a-zA-Z0-9-]+)*)(:[0-9]{1,5})?$'
const cors = says(
  'Whose pages may read answers across origins.',
  object({
    allowOrigins: setOf(text(253, { pattern: ORIGIN }), 64),
    allowCredentials: { type: 'boolean' },
    allowMethods: setOf(choice('GET HEAD POST PUT DELETE CONNECT OPTIONS TRACE PATCH *'), 9),
    allowHeaders: setOf(headerName, 64),
    exposeHeaders: setOf(headerName, 64),
    maxAge: says('How many seconds a browser remembers it.', integer(1, undefined, { default: 5 })),
  }),
)

const filter = object({
  'type!': choice(
    'RequestHeaderModifier ResponseHeaderModifier RequestMirror RequestRedirect URLRewrite CORS ExtensionRef',
  ),
  ...commonFilters,
  requestRedirect: says(
    'Sends the client elsewhere.',
    object({
      scheme: choice('http https'),
      hostname: preciseHostname,
      path: newPath,
      port,
      statusCode: { type: 'integer', enum: [301, 302, 303, 307, 308], default: 302 },
    }),
  ),
  urlRewrite: says(
    'Asks the backend for another host or path.',
    object({ hostname: preciseHostname, path: newPath }),
  ),
  cors,
})
const filters = list(filter, 16)

const rule = object({
  name: sectionName,
  matches: says('Any of them is enough.', list(match, 64, { default: [{ path: everyPath }] })),
  filters: says('What happens to requests and answers.', filters),
  backendRefs: backendRefs(filters),
  timeouts: object({
    request: says('For the whole answer.', duration),
    backendRequest: says('For one try of a backend.', duration),
  }),
  retry: says(
    'When a request is sent again.',
    object({
      codes: setOf({ type: 'integer', minimum: 400, maximum: 599 }),
      attempts: { type: 'integer', minimum: 1 },
      backoff: duration,
    }),
  ),
})

export const HTTP_ROUTE: Definition = {
  names: { plural: 'httproutes', singular: 'httproute', kind: 'HTTPRoute' },
  scope: 'Namespaced',
  versions: ['v1', 'v1beta1'],
  storage: 'v1',
  columns: [
    { name: 'Hostnames', type: 'string', jsonPath: '.spec.hostnames' },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  ],
  schema: kind(
    'Which HTTP requests go to which Services.',
    object({
      parentRefs,
      hostnames: hostnames(),
      rules: list(rule, 16, { minItems: 1, default: [{ matches: [{ path: everyPath }] }] }),
    }),
    routeStatus,
  ),
}
