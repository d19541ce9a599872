// Lease: who holds a role now, and until when.

import type { KubeObject } from '../../object.ts'
import { nonnegative, positive } from '../../validate/fields.ts'
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
  prepareForCreate: dropElectionFields,
  prepareForUpdate: dropElectionFields,
  validate: ({ spec }) => [
    ...positive(spec?.leaseDurationSeconds, 'spec.leaseDurationSeconds'),
    ...nonnegative(spec?.leaseTransitions, 'spec.leaseTransitions'),
  ],
})

/** Coordinated leader election is off by default in Kubernetes 1.32: its fields are not kept. */
function dropElectionFields(object: KubeObject): void {
  delete object.spec?.strategy
  delete object.spec?.preferredHolder
}
