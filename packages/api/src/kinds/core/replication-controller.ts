// ReplicationController: keeps a number of pods running. The forerunner of ReplicaSet.

import { integer, wide } from '../cells.ts'
import { age, mapText } from '../columns.ts'
import { defineKind } from '../define.ts'
import { containerColumns } from '../workload-cells.ts'
import { defaultPodTemplate } from './pod/defaults.ts'

export const replicationController = defineKind({
  group: '',
  version: 'v1',
  kind: 'ReplicationController',
  plural: 'replicationcontrollers',
  shortNames: ['rc'],
  categories: ['all'],
  scale: {
    specReplicasPath: '.spec.replicas',
    statusReplicasPath: '.status.replicas',
    labelSelectorPath: '.spec.selector',
    structuredSelector: true,
  },
  columns: [
    integer('Desired', (object) => object['spec']?.replicas ?? 0),
    integer('Current', (object) => object['status']?.replicas ?? 0),
    integer('Ready', (object) => object['status']?.readyReplicas ?? 0),
    age,
    ...containerColumns(),
    wide('Selector', (object) => mapText(object['spec']?.selector)),
  ],
  selectableFields: { 'status.replicas': (object) => String(object['status']?.replicas ?? 0) },
  setDefaults(object) {
    object['spec'] ??= {}
    const { spec } = object
    const labels = spec.template?.metadata?.labels
    if (labels !== undefined) {
      if (Object.keys(spec.selector ?? {}).length === 0) spec.selector = { ...labels }
      if (Object.keys(object.metadata.labels ?? {}).length === 0) object.metadata.labels = { ...labels }
    }
    spec.replicas ??= 1
    defaultPodTemplate(spec.template)
  },
  prepareForCreate(object) {
    object['status'] = { replicas: 0 }
  },
  prepareForUpdate(object, old) {
    object['status'] = old['status']
  },
})
