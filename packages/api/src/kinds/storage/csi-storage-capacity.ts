// CSIStorageCapacity: how much room a storage class has in one part of the cluster.

import type { FieldError } from '../../field-error.ts'
import type { KubeObject } from '../../object.ts'
import { named } from '../../validate/fields.ts'
import { immutable } from '../../validate/immutable.ts'
import { validateLabelSelector } from '../../validate/labels.ts'
import { isDNS1123Subdomain } from '../../validate/names.ts'
import { nodeSelectorWarnings } from '../../validate/node-labels.ts'
import { nonnegativeQuantity } from '../../validate/quantities.ts'
import { text } from '../cells.ts'
import { defineKind } from '../define.ts'

export const csiStorageCapacity = defineKind({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'CSIStorageCapacity',
  plural: 'csistoragecapacities',
  allowUnconditionalUpdate: false,
  columns: [
    text('StorageClassName', (object) => object['storageClassName']),
    text('Capacity', (object) => object['capacity'] ?? '<unset>'),
  ],
  validate: validateCapacity,
  validateUpdate: (object, old) => [
    ...immutable(object['nodeTopology'], old['nodeTopology'], 'nodeTopology'),
    ...immutable(object['storageClassName'], old['storageClassName'], 'storageClassName'),
  ],
  warnings: (object) => nodeSelectorWarnings(object['nodeTopology'], 'nodeTopology'),
})

function validateCapacity(object: KubeObject): FieldError[] {
  return [
    ...validateLabelSelector(object['nodeTopology'], 'nodeTopology'),
    ...named('storageClassName', object['storageClassName'] ?? '', isDNS1123Subdomain),
    ...['capacity', 'maximumVolumeSize']
      .filter((field) => (object[field] ?? null) !== null)
      .flatMap((field) => nonnegativeQuantity(object[field], field)),
  ]
}
