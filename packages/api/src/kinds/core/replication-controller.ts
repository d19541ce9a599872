// ReplicationController: keeps a number of pods running. The forerunner of ReplicaSet.

import { type FieldError, required } from '../../field-error.ts'
import type { KubeObject } from '../../object.ts'
import { fromMap } from '../../selectors/structured.ts'
import { invalidAs, nonnegative } from '../../validate/fields.ts'
import { goMap } from '../../validate/go-text.ts'
import { integer, wide } from '../cells.ts'
import { age, mapText } from '../columns.ts'
import { defineKind } from '../define.ts'
import { containerColumns } from '../workload-cells.ts'
import { validateCounts, validateLongRunning, workloadWarnings } from '../workload-rules.ts'
import { defaultPodTemplate } from './pod/defaults.ts'
import { validatePodTemplate } from './pod/template.ts'

const COUNTS = [
  'replicas',
  'fullyLabeledReplicas',
  'readyReplicas',
  'availableReplicas',
  'observedGeneration',
]
const BOUNDED = ['fullyLabeledReplicas', 'readyReplicas', 'availableReplicas']

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
  validate,
  validateStatusUpdate: (object) => validateCounts(object['status'], COUNTS, BOUNDED),
  warnings: workloadWarnings,
})

function validate(object: KubeObject): FieldError[] {
  const { spec } = object
  const errors = nonnegative(spec.minReadySeconds, 'spec.minReadySeconds')
  const selector = fromMap(spec.selector)
  if (selector.empty) errors.push(required('spec.selector'))
  errors.push(...nonnegative(spec.replicas, 'spec.replicas'))
  if (!spec.template) return [...errors, required('spec.template')]
  const labels = spec.template.metadata?.labels
  if (!selector.matches(labels)) {
    const field = 'spec.template.metadata.labels'
    errors.push(invalidAs(field, goMap(labels), '`selector` does not match template `labels`'))
  }
  errors.push(...validatePodTemplate(spec.template, 'spec.template'))
  return errors.concat(validateLongRunning(spec.template, 'ReplicationController'))
}
