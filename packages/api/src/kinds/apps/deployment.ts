// Deployment: rolls a pod template out over replica sets.

import { integer, text } from '../cells.ts'
import { age } from '../columns.ts'
import { defaultPodTemplate } from '../core/pod/defaults.ts'
import { defineKind } from '../define.ts'
import { containerColumns, selectorColumn } from '../workload-cells.ts'
import { structuredScale } from './scale-paths.ts'

export const deployment = defineKind({
  group: 'apps',
  version: 'v1',
  kind: 'Deployment',
  plural: 'deployments',
  shortNames: ['deploy'],
  categories: ['all'],
  scale: structuredScale,
  columns: [
    text('Ready', (object) => `${object['status']?.readyReplicas ?? 0}/${object['spec']?.replicas ?? 0}`),
    integer('Up-to-date', (object) => object['status']?.updatedReplicas ?? 0),
    integer('Available', (object) => object['status']?.availableReplicas ?? 0),
    age,
    ...containerColumns(),
    selectorColumn,
  ],
  setDefaults(object) {
    object['spec'] ??= {}
    const { spec } = object
    spec.replicas ??= 1
    spec.strategy ??= {}
    spec.strategy.type ||= 'RollingUpdate'
    if (spec.strategy.type === 'RollingUpdate') {
      spec.strategy.rollingUpdate ??= {}
      spec.strategy.rollingUpdate.maxUnavailable ??= '25%'
      spec.strategy.rollingUpdate.maxSurge ??= '25%'
    }
    spec.revisionHistoryLimit ??= 10
    spec.progressDeadlineSeconds ??= 600
    defaultPodTemplate(spec.template)
  },
  prepareForCreate(object) {
    object['status'] = {}
  },
  prepareForUpdate(object, old) {
    object['status'] = old['status']
  },
})
