// Rules of HorizontalPodAutoscalers.

import { type FieldError, forbiddenField, invalid, notSupported, required } from '../../field-error.ts'
import type { KubeObject } from '../../object.ts'
import { nonnegative } from '../../validate/fields.ts'
import { type Json, listOf } from '../../validate/json.ts'
import { validateReference } from './reference.ts'
import { validateMetric } from './validate-metrics.ts'

const MAX_PERIOD_SECONDS = 1800
const MAX_STABILIZATION_SECONDS = 3600
const SELECT_POLICIES = ['Disabled', 'Max', 'Min']
const POLICY_TYPES = ['Percent', 'Pods']

export function validateAutoscaler(object: KubeObject): FieldError[] {
  const spec = object['spec'] ?? {}
  const errors: FieldError[] = []
  const min = spec.minReplicas ?? undefined
  const max = spec.maxReplicas ?? 0
  if (min < 1) errors.push(invalid('spec.minReplicas', min, 'must be greater than or equal to 1'))
  if (max < 1) errors.push(invalid('spec.maxReplicas', max, 'must be greater than 0'))
  if (max < min)
    errors.push(invalid('spec.maxReplicas', max, 'must be greater than or equal to `minReplicas`'))
  errors.push(...validateReference(spec.scaleTargetRef ?? {}, 'spec.scaleTargetRef'))
  for (const [i, metric] of listOf(spec.metrics).entries()) {
    errors.push(...validateMetric(metric, `spec.metrics[${i}]`))
  }
  if (min === 0 && !listOf(spec.metrics).some((m) => m.type === 'Object' || m.type === 'External')) {
    const why = 'must specify at least one Object or External metric to support scaling to zero replicas'
    errors.push(forbiddenField('spec.metrics', why))
  }
  for (const name of ['scaleUp', 'scaleDown']) {
    const rules = spec.behavior?.[name]
    if (rules) errors.push(...validateScalingRules(rules, `spec.behavior.${name}`))
  }
  return errors
}

export function validateAutoscalerStatus(object: KubeObject): FieldError[] {
  return ['currentReplicas', 'desiredReplicas'].flatMap((name) =>
    nonnegative(object['status']?.[name], `status.${name}`),
  )
}

function validateScalingRules(rules: Json, field: string): FieldError[] {
  const errors: FieldError[] = []
  const window = rules.stabilizationWindowSeconds
  const at = `${field}.stabilizationWindowSeconds`
  if (window < 0) errors.push(invalid(at, window, 'must be greater than or equal to zero'))
  if (window > MAX_STABILIZATION_SECONDS) {
    errors.push(invalid(at, window, `must be less than or equal to ${MAX_STABILIZATION_SECONDS}`))
  }
  const select = rules.selectPolicy
  if (select !== undefined && select !== null && !SELECT_POLICIES.includes(select)) {
    errors.push(notSupported(`${field}.selectPolicy`, select, SELECT_POLICIES))
  }
  const policies = listOf(rules.policies)
  if (policies.length === 0) errors.push(required(`${field}.policies`, 'must specify at least one Policy'))
  for (const [i, policy] of policies.entries()) {
    errors.push(...validatePolicy(policy, `${field}.policies[${i}]`))
  }
  return errors
}

function validatePolicy(policy: Json, field: string): FieldError[] {
  const errors: FieldError[] = []
  const { type = '', value = 0, periodSeconds = 0 } = policy
  if (!POLICY_TYPES.includes(type)) errors.push(notSupported(`${field}.type`, type, POLICY_TYPES))
  if (value <= 0) errors.push(invalid(`${field}.value`, value, 'must be greater than zero'))
  if (periodSeconds <= 0) {
    errors.push(invalid(`${field}.periodSeconds`, periodSeconds, 'must be greater than zero'))
  }
  if (periodSeconds > MAX_PERIOD_SECONDS) {
    const why = `must be less than or equal to ${MAX_PERIOD_SECONDS}`
    errors.push(invalid(`${field}.periodSeconds`, periodSeconds, why))
  }
  return errors
}
