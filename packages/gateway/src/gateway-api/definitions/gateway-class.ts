// GatewayClass: which controller serves Gateways of a class.

import type { Definition } from './definition.ts'
import { conditions, controllerName, group, kindName, name, namespace, pending } from './parts.ts'
import { kind, listBy, object, says, text } from './schema.ts'

const waiting = pending('Accepted')

export const GATEWAY_CLASS: Definition = {
  names: { plural: 'gatewayclasses', singular: 'gatewayclass', kind: 'GatewayClass', shortNames: ['gc'] },
  scope: 'Cluster',
  versions: ['v1', 'v1beta1'],
  storage: 'v1',
  columns: [
    { name: 'Controller', type: 'string', jsonPath: '.spec.controllerName' },
    { name: 'Accepted', type: 'string', jsonPath: '.status.conditions[?(@.type=="Accepted")].status' },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
    { name: 'Description', type: 'string', jsonPath: '.spec.description', priority: 1 },
  ],
  schema: kind(
    'Which controller serves the Gateways that name this class.',
    object({
      'controllerName!': says('brume.dev/gateway is the edge of this cloud.', controllerName),
      description: { ...text(64), minLength: 0 },
      parametersRef: says(
        "Settings of the controller's own kind; brume.dev/gateway has none.",
        object({ 'group!': group, 'kind!': kindName, 'name!': name, namespace }),
      ),
    }),
    object(
      {
        conditions: { ...conditions, default: waiting },
        supportedFeatures: listBy('name', object({ 'name!': { type: 'string' } }), 64),
      },
      { default: { conditions: waiting } },
    ),
  ),
}
