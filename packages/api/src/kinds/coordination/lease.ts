// Lease: who holds a role now, and until when.

import { text } from '../cells.ts'
import { age } from '../columns.ts'
import { defineKind } from '../define.ts'

export const lease = defineKind({
  group: 'coordination.k8s.io',
  version: 'v1',
  kind: 'Lease',
  plural: 'leases',
  allowCreateOnUpdate: true,
  allowUnconditionalUpdate: false,
  columns: [text('Holder', (object) => object.spec?.holderIdentity), age],
})
