// CSIStorageCapacity: how much room a storage class has in one part of the cluster.

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
})
