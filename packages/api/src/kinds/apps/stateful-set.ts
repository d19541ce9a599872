// StatefulSet: pods with a name, an order and volumes of their own.

import { type FieldError, forbiddenField, invalid, required } from '../../field-error.ts'
import type { KubeObject } from '../../object.ts'
import { nonnegative, unsupported } from '../../validate/fields.ts'
import { semanticEqual } from '../../validate/immutable.ts'
import { type Json, listOf } from '../../validate/json.ts'
import { isEmptySelector, validateLabels } from '../../validate/labels.ts'
import { validateAnnotations } from '../../validate/metadata.ts'
import { isDNS1123Label } from '../../validate/names.ts'
import { text } from '../cells.ts'
import { age } from '../columns.ts'
import { setClaimSpecDefaults } from '../core/claim-spec.ts'
import { validatePodAnnotations } from '../core/pod/annotations.ts'
import { defaultPodTemplate } from '../core/pod/defaults.ts'
import { defineKind } from '../define.ts'
import { containerColumns } from '../workload-cells.ts'
import {
  validateCollisionCount,
  validateCounts,
  validateLongRunning,
  validateSelected,
  validateSelector,
  workloadWarnings,
} from '../workload-rules.ts'
import { structuredScale } from './scale-paths.ts'

const COUNTS = [
  'replicas',
  'readyReplicas',
  'currentReplicas',
  'updatedReplicas',
  'availableReplicas',
  'observedGeneration',
  'collisionCount',
]
const BOUNDED = ['readyReplicas', 'currentReplicas', 'updatedReplicas', 'availableReplicas']
const UPDATABLE = [
  'replicas',
  'ordinals',
  'template',
  'updateStrategy',
  'persistentVolumeClaimRetentionPolicy',
  'minReadySeconds',
]

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
  validateName: isDNS1123Label,
  validate,
  validateUpdate,
  validateStatusUpdate: (object, old) => [
    ...validateCounts(object['status'], COUNTS, BOUNDED, 'status.readyReplicas'),
    ...validateCollisionCount(object, old),
  ],
  warnings: workloadWarnings,
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
    setClaimSpecDefaults(claim.spec)
    claim.status ??= {}
    claim.status.phase ||= 'Pending'
  }
}

/** The template's pod spec is looked at when pods are made: its mounts name claims that are not among its volumes. */
function validate(object: KubeObject): FieldError[] {
  const { spec } = object
  const errors: FieldError[] = []
  if (!spec.podManagementPolicy) errors.push(required('spec.podManagementPolicy'))
  else if (!['OrderedReady', 'Parallel'].includes(spec.podManagementPolicy)) {
    const why = "must be 'OrderedReady' or 'Parallel'"
    errors.push(invalid('spec.podManagementPolicy', spec.podManagementPolicy, why))
  }
  errors.push(...validateStrategy(spec.updateStrategy ?? {}))
  for (const name of ['whenDeleted', 'whenScaled']) {
    const policy = spec.persistentVolumeClaimRetentionPolicy?.[name]
    if (policy === undefined || ['Retain', 'Delete'].includes(policy)) continue
    const field = `spec.persistentVolumeClaimRetentionPolicy.${name}`
    errors.push(unsupported(field, policy, ['Retain', 'Delete']))
  }
  errors.push(...nonnegative(spec.replicas, 'spec.replicas'))
  errors.push(...nonnegative(spec.minReadySeconds, 'spec.minReadySeconds'))
  errors.push(...nonnegative(spec.ordinals?.start, 'spec.ordinals.start'))
  errors.push(...validateSelector(spec, 'statefulset'))
  const meta = spec.template?.metadata
  if (!isEmptySelector(spec.selector)) errors.push(...validateSelected(spec.selector, meta?.labels))
  errors.push(...validateLabels(meta?.labels, 'spec.template.labels'))
  errors.push(...validateAnnotations(meta?.annotations, 'spec.template.annotations'))
  const podSpec = spec.template?.spec ?? {}
  errors.push(...validatePodAnnotations(meta?.annotations, podSpec, 'spec.template.annotations'))
  return errors.concat(validateLongRunning(spec.template, 'StatefulSet'))
}

function validateStrategy(strategy: Json): FieldError[] {
  const field = 'spec.updateStrategy'
  switch (strategy.type ?? '') {
    case '':
      return [required(field)]
    case 'OnDelete':
      if (!strategy.rollingUpdate) return []
      return [
        invalid(
          `${field}.rollingUpdate`,
          strategy.rollingUpdate,
          "only allowed for updateStrategy 'RollingUpdate'",
        ),
      ]
    case 'RollingUpdate':
      return nonnegative(strategy.rollingUpdate?.partition, `${field}.rollingUpdate.partition`)
    default:
      return [invalid(field, strategy, "must be 'RollingUpdate' or 'OnDelete'")]
  }
}

function validateUpdate(object: KubeObject, old: KubeObject): FieldError[] {
  const masked = { ...object['spec'] }
  for (const name of UPDATABLE) masked[name] = old['spec'][name]
  if (semanticEqual(masked, old['spec'])) return []
  const why =
    "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"
  return [forbiddenField('spec', why)]
}
