// ReplicaSet: keeps a number of equal pods running.

import { nonnegative } from '../../validate/fields.ts'
import { defaultPodTemplate } from '../core/pod/defaults.ts'
import { defineKind } from '../define.ts'
import { replicaColumns, replicas } from '../replicas.ts'
import { selectorColumn } from '../workload-cells.ts'
import { validateReplicaTemplate, validateSelector, validateSelectorUnchanged } from '../workload-rules.ts'
import { structuredScale } from './scale-paths.ts'

export const replicaSet = defineKind({
  ...replicas,
  group: 'apps',
  version: 'v1',
  kind: 'ReplicaSet',
  plural: 'replicasets',
  shortNames: ['rs'],
  scale: structuredScale,
  columns: replicaColumns(selectorColumn),
  setDefaults(object) {
    object['spec'] ??= {}
    object['spec'].replicas ??= 1
    defaultPodTemplate(object['spec'].template)
  },
  validate: (object) => [
    ...nonnegative(object['spec'].replicas, 'spec.replicas'),
    ...nonnegative(object['spec'].minReadySeconds, 'spec.minReadySeconds'),
    ...validateSelector(object['spec'], 'deployment'),
    ...validateReplicaTemplate(object['spec']),
  ],
  validateUpdate: validateSelectorUnchanged,
})
