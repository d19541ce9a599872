// Service: one stable address for a set of pods. Addresses and node ports are allocated by the API server, which
// holds the state for it; this kind only checks those that are already there.

import { text, wide } from '../cells.ts'
import { age } from '../columns.ts'
import { defineKind } from '../define.ts'
import { externalIPCell, portsCell, selectorCell } from './service-cells.ts'

export const service = defineKind({
  group: '',
  version: 'v1',
  kind: 'Service',
  plural: 'services',
  shortNames: ['svc'],
  categories: ['all'],
  hasGeneration: false,
  allowCreateOnUpdate: true,
  subresources: [
    { name: 'proxy', kind: 'ServiceProxyOptions', verbs: ['create', 'delete', 'get', 'patch', 'update'] },
  ],
  columns: [
    text('Type', (object) => object.spec?.type),
    text('Cluster-IP', (object) => object.spec?.clusterIP || '<none>'),
    text('External-IP', externalIPCell),
    text('Port(s)', portsCell),
    age,
    wide('Selector', selectorCell),
  ],
  selectableFields: {
    'spec.clusterIP': (object) => object.spec?.clusterIP ?? '',
    'spec.type': (object) => object.spec?.type ?? '',
  },
})
