// StatefulSet: pods with a name, an order and volumes of their own.

import type { KubeObject } from '../../object.ts'
import { listOf } from '../../validate/json.ts'
import { text } from '../cells.ts'
import { age } from '../columns.ts'
import { defaultPodTemplate } from '../core/pod/defaults.ts'
import { defineKind } from '../define.ts'
import { containerColumns } from '../workload-cells.ts'
import { structuredScale } from './scale-paths.ts'

export const statefulSet = defineKind({
  group: 'apps',
  version: 'v1',
  kind: 'StatefulSet',
  plural: 'statefulsets',
  shortNames: ['sts'],
  categories: ['all'],
  scale: structuredScale,
  columns: [
    text('Ready', (object) => `${object['status']?.readyReplicas ?? 0}/${object['spec']?.replicas ?? 0}`),
    age,
    ...containerColumns(),
  ],
  setDefaults,
  prepareForCreate(object) {
    object['status'] = { replicas: 0, availableReplicas: 0 }
  },
  prepareForUpdate(object, old) {
    object['status'] = old['status']
  },
})

function setDefaults(object: KubeObject): void {
  object['spec'] ??= {}
  const { spec } = object
  spec.podManagementPolicy ||= 'OrderedReady'
  spec.updateStrategy ??= {}
  spec.updateStrategy.type ||= 'RollingUpdate'
  if (spec.updateStrategy.type === 'RollingUpdate') {
    spec.updateStrategy.rollingUpdate ??= {}
    spec.updateStrategy.rollingUpdate.partition ??= 0
  }
  spec.persistentVolumeClaimRetentionPolicy ??= {}
  spec.persistentVolumeClaimRetentionPolicy.whenDeleted ||= 'Retain'
  spec.persistentVolumeClaimRetentionPolicy.whenScaled ||= 'Retain'
  spec.replicas ??= 1
  spec.revisionHistoryLimit ??= 10
  defaultPodTemplate(spec.template)
  for (const claim of listOf(spec.volumeClaimTemplates)) {
    claim.apiVersion ||= 'v1'
    claim.kind ||= 'PersistentVolumeClaim'
    claim.spec ??= {}
    claim.spec.volumeMode ??= 'Filesystem'
    claim.status ??= {}
    claim.status.phase ||= 'Pending'
  }
}
