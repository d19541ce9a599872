// DaemonSet: one pod on every node that fits.

import { integer, text } from '../cells.ts'
import { age, mapText } from '../columns.ts'
import { defaultPodTemplate } from '../core/pod/defaults.ts'
import { defineKind } from '../define.ts'
import { containerColumns, selectorColumn } from '../workload-cells.ts'

export const daemonSet = defineKind({
  group: 'apps',
  version: 'v1',
  kind: 'DaemonSet',
  plural: 'daemonsets',
  shortNames: ['ds'],
  categories: ['all'],
  columns: [
    integer('Desired', (object) => object['status']?.desiredNumberScheduled ?? 0),
    integer('Current', (object) => object['status']?.currentNumberScheduled ?? 0),
    integer('Ready', (object) => object['status']?.numberReady ?? 0),
    integer('Up-to-date', (object) => object['status']?.updatedNumberScheduled ?? 0),
    integer('Available', (object) => object['status']?.numberAvailable ?? 0),
    text('Node Selector', (object) => mapText(object['spec']?.template?.spec?.nodeSelector)),
    age,
    ...containerColumns(),
    selectorColumn,
  ],
  setDefaults(object) {
    object['spec'] ??= {}
    const { spec } = object
    spec.updateStrategy ??= {}
    spec.updateStrategy.type ||= 'RollingUpdate'
    if (spec.updateStrategy.type === 'RollingUpdate') {
      spec.updateStrategy.rollingUpdate ??= {}
      spec.updateStrategy.rollingUpdate.maxUnavailable ??= 1
      spec.updateStrategy.rollingUpdate.maxSurge ??= 0
    }
    spec.revisionHistoryLimit ??= 10
    defaultPodTemplate(spec.template)
  },
  prepareForCreate(object) {
    object['status'] = {
      currentNumberScheduled: 0,
      desiredNumberScheduled: 0,
      numberMisscheduled: 0,
      numberReady: 0,
    }
  },
  prepareForUpdate(object, old) {
    object['status'] = old['status']
  },
})
