// Service: one stable address for a set of pods. Addresses and node ports are allocated by the API server, which
// holds the state for it; this kind only checks those that are already there.

import { forbiddenField } from '../../field-error.ts'
import type { KubeObject } from '../../object.ts'
import { isDNS1035Label } from '../../validate/names.ts'
import { text, wide } from '../cells.ts'
import { age } from '../columns.ts'
import { defineKind } from '../define.ts'
import { validateServiceUpdate } from './service-addresses.ts'
import { externalIPCell, portsCell, selectorCell } from './service-cells.ts'
import { prepareServiceForCreate, setServiceDefaults } from './service-defaults.ts'
import { needsHealthCheck } from './service-rules.ts'
import { serviceWarnings, validateServiceStatus } from './service-status.ts'
import { prepareServiceForUpdate } from './service-update.ts'
import { validateService } from './service-validation.ts'

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
  validateName: isDNS1035Label,
  setDefaults: setServiceDefaults,
  prepareForCreate: prepareServiceForCreate,
  prepareForUpdate: prepareServiceForUpdate,
  validate: validateService,
  validateUpdate: (object, old) => [
    ...validateServiceUpdate(object.spec, old.spec),
    ...healthCheckPortStays(object, old),
  ],
  validateStatusUpdate: validateServiceStatus,
  warnings: serviceWarnings,
})

function healthCheckPortStays(object: KubeObject, old: KubeObject) {
  if (!needsHealthCheck(object.spec) || !needsHealthCheck(old.spec)) return []
  const isSame = (object.spec.healthCheckNodePort ?? 0) === (old.spec.healthCheckNodePort ?? 0)
  return isSame ? [] : [forbiddenField('spec.healthCheckNodePort', 'field is immutable')]
}
