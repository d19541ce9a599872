// Gateway: the ports that are listened on, for which names, and whose routes may use them.

import type { Definition } from './definition.ts'
import {
  conditions,
  GATEWAY_GROUP,
  group,
  hostname,
  kindName,
  labelSelector,
  name,
  pending,
  port,
  secretRef,
  sectionName,
} from './parts.ts'
import { choice, integer, kind, list, listBy, mapOfText, object, type Schema, says, text } from './schema.ts'

const waiting = pending('Accepted', 'Programmed')
const routeKinds = list(object({ group: { ...group, default: GATEWAY_GROUP }, 'kind!': kindName }), 8)
const sameNamespace = { from: 'Same' }

const tls = object({
  mode: choice('Terminate Passthrough', { default: 'Terminate' }),
  certificateRefs: says('Secrets of type kubernetes.io/tls.', list(secretRef, 64)),
  options: mapOfText(16, { type: 'string', maxLength: 4096 }),
})

const allowedRoutes = object(
  {
    namespaces: object(
      { from: choice('All Selector Same', { default: 'Same' }), selector: labelSelector },
      { default: sameNamespace },
    ),
    kinds: says('All kinds that the protocol can have, if empty.', routeKinds),
  },
  { default: { namespaces: sameNamespace } },
)

const listener = object({
  'name!': sectionName,
  hostname: says('Only requests for this name; `*.` stands for anything before it.', hostname),
  'port!': port,
  'protocol!': says('HTTP, HTTPS, TLS or TCP.', text(255)),
  tls,
  allowedRoutes: says('Routes of which namespaces and kinds may use this listener.', allowedRoutes),
})

/** `value!`: there is one. */
function addresses(value: string): Schema {
  return list(
    object({ type: text(253, { default: 'IPAddress' }), [value]: { type: 'string', maxLength: 253 } }),
    16,
  )
}

const infrastructure = object({
  labels: mapOfText(8, { type: 'string', maxLength: 63 }),
  annotations: mapOfText(16, { type: 'string', maxLength: 4096 }),
  parametersRef: object({ 'group!': group, 'kind!': kindName, 'name!': name }),
})

const listenerStatus = object({
  'name!': sectionName,
  supportedKinds: routeKinds,
  'attachedRoutes!': integer(0),
  'conditions!': conditions,
})

export const GATEWAY: Definition = {
  names: { plural: 'gateways', singular: 'gateway', kind: 'Gateway', shortNames: ['gtw'] },
  scope: 'Namespaced',
  versions: ['v1', 'v1beta1'],
  storage: 'v1',
  columns: [
    { name: 'Class', type: 'string', jsonPath: '.spec.gatewayClassName' },
    { name: 'Address', type: 'string', jsonPath: '.status.addresses[*].value' },
    { name: 'Programmed', type: 'string', jsonPath: '.status.conditions[?(@.type=="Programmed")].status' },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  ],
  schema: kind(
    'Ports that are listened on for the routes that name this Gateway.',
    object({
      'gatewayClassName!': says('`brume` for the edge of this cloud.', name),
      'listeners!': listBy('name', listener, 64, { minItems: 1 }),
      addresses: says('Addresses that are asked for; those of the edge if empty.', addresses('value')),
      infrastructure,
    }),
    object(
      {
        addresses: says('Where clients reach it.', addresses('value!')),
        conditions: { ...conditions, default: waiting },
        listeners: listBy('name', listenerStatus, 64),
      },
      { default: { conditions: waiting } },
    ),
  ),
}
