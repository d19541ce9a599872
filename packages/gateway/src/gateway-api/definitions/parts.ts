// What the kinds of the Gateway API have in common: names, references, conditions, headers. Limits and patterns are the
// API reference's.

import { choice, integer, list, listBy, object, type Schema, says, setOf, text } from './schema.ts'

const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?'
const DOMAIN = `${LABEL}(\\.${LABEL})*`
const CONTROLLER = `^${DOMAIN}\\/[A-Za-z0-9\\/\\-._~%!$&'()*+,;=:]+$`

export const GATEWAY_GROUP = 'gateway.networking.k8s.io'

export const name = text(253)
export const sectionName = text(253, { pattern: `^${DOMAIN}$` })
export const namespace = text(63, { pattern: `^${LABEL}$` })
export const group = { type: 'string', maxLength: 253, pattern: `^$|^${DOMAIN}$` }
export const kindName = text(63, { pattern: '^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$' })
export const port = integer(1, 65_535)
export const hostname = text(253, { pattern: `^(\\*\\.)?${DOMAIN}$` })
export const preciseHostname = text(253, { pattern: `^${DOMAIN}$` })
export const controllerName = text(253, { pattern: CONTROLLER })
export const duration = { type: 'string', pattern: '^([0-9]{1,5}(h|m|s|ms)){1,4}$' }
export const headerName = text(256, { pattern: "^[A-Za-z0-9!#$%&'*+\\-.^_\\x60|~]+$" })
const headerValue = text(4096, { pattern: '^[!-~]+([\\t ]?[!-~]+)*$' })

const condition = object({
  'type!': text(316),
  'status!': choice('True False Unknown'),
  'reason!': text(1024, { pattern: '^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$' }),
  'message!': { type: 'string', maxLength: 32_768 },
  observedGeneration: { type: 'integer', format: 'int64', minimum: 0 },
  'lastTransitionTime!': { type: 'string', format: 'date-time' },
})
export const conditions = listBy('type', condition, 8)

/** Conditions that nobody has judged yet. */
export function pending(...types: string[]): Schema[] {
  return types.map((type) => ({
    type,
    status: 'Unknown',
    reason: 'Pending',
    message: 'Waiting for controller',
    lastTransitionTime: '1970-01-01T00:00:00Z',
  }))
}

export const labelSelector = object(
  {
    matchLabels: { type: 'object', additionalProperties: { type: 'string' } },
    matchExpressions: list(
      object({
        'key!': { type: 'string' },
        'operator!': { type: 'string' },
        values: list({ type: 'string' }, 1024),
      }),
      1024,
    ),
  },
  { 'x-kubernetes-map-type': 'atomic' },
)

export const parentRef = object({
  group: { ...group, default: GATEWAY_GROUP },
  kind: { ...kindName, default: 'Gateway' },
  namespace: says("The route's own namespace if empty.", namespace),
  'name!': name,
  sectionName: says('One listener of the Gateway; all if empty.', sectionName),
  port: says('Only listeners on this port.', port),
})
export const parentRefs = says('The Gateways that are to serve this route.', list(parentRef, 32))

export const hostnames = (more: Schema = {}) =>
  says("Names that this route is for, as far as the listeners' names include them.", list(hostname, 16, more))

export const secretRef = object({
  group: { ...group, default: '' },
  kind: { ...kindName, default: 'Secret' },
  namespace: says(
    "The Gateway's own namespace if empty; another one needs a ReferenceGrant there.",
    namespace,
  ),
  'name!': name,
})

const serviceRef = {
  group: { ...group, default: '' },
  kind: { ...kindName, default: 'Service' },
  namespace: says("The route's own namespace if empty; another one needs a ReferenceGrant there.", namespace),
  'name!': name,
  port: says('Port of the Service, not of its pods.', port),
}

/** `filters`: of the requests that go to this backend alone. */
export function backendRefs(filters?: Schema, more: Schema = {}): Schema {
  const weight = says('Its share among all backends of the rule.', integer(0, 1_000_000, { default: 1 }))
  const ref = object({ ...serviceRef, weight, ...(filters === undefined ? {} : { filters }) })
  return says('Where requests go.', list(ref, 16, more))
}

const header = object({ 'name!': headerName, 'value!': headerValue })
const headerChanges = object({
  set: says('Instead of what is there.', listBy('name', header, 16)),
  add: says('Beside what is there.', listBy('name', header, 16)),
  remove: setOf({ type: 'string' }, 16),
})

/** The filters that routes for HTTP and for gRPC share. */
export const commonFilters = {
  requestHeaderModifier: says('Changes headers on their way to the backend.', headerChanges),
  responseHeaderModifier: says('Changes headers on their way to the client.', headerChanges),
  requestMirror: says(
    'Sends a copy elsewhere. Not served by brume.dev/gateway.',
    object({ 'backendRef!': object(serviceRef) }),
  ),
  extensionRef: says(
    "A filter of the implementation's own; brume.dev/gateway has none.",
    object({ 'group!': group, 'kind!': kindName, 'name!': name }),
  ),
}

export const matchType = choice('Exact RegularExpression', { default: 'Exact' })
export const headerMatches = listBy(
  'name',
  object({ 'name!': headerName, type: matchType, 'value!': headerValue }),
  16,
)

const parentStatus = object({
  'parentRef!': parentRef,
  'controllerName!': controllerName,
  'conditions!': { ...conditions, minItems: 1 },
})
export const routeStatus = object({
  'parents!': says('What each Gateway has made of the route.', list(parentStatus, 32)),
})
