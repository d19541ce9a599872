// ReplicationController: keeps a number of pods running. The forerunner of ReplicaSet.

import { type FieldError, required } from '../../field-error.ts'
import type { KubeObject } from '../../object.ts'
import { fromMap } from '../../selectors/structured.ts'
import { invalidAs, nonnegative } from '../../validate/fields.ts'
import { goMap } from '../../validate/go-text.ts'
import { wide } from '../cells.ts'
import { mapText } from '../columns.ts'
import { defineKind } from '../define.ts'
import { replicaColumns, replicas } from '../replicas.ts'
import { validateLongRunning } from '../workload-rules.ts'
import { defaultPodTemplate } from './pod/defaults.ts'
import { validatePodTemplate } from './pod/template.ts'

export const replicationController = defineKind({
  ...replicas,
  group: '',
  version: 'v1',
  kind: 'ReplicationController',
  plural: 'replicationcontrollers',
  shortNames: ['rc'],
  scale: {
    specReplicasPath: '.spec.replicas',
    statusReplicasPath: '.status.replicas',
    labelSelectorPath: '.spec.selector',
    structuredSelector: true,
  },
  columns: replicaColumns(wide('Selector', (object) => mapText(object['spec']?.selector))),
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
  validate,
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
