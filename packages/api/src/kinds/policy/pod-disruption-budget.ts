// PodDisruptionBudget: how many pods of a set must stay up while machines are drained.

import { type FieldError, invalid } from '../../field-error.ts'
import type { KubeObject } from '../../object.ts'
import { validateConditions } from '../../validate/conditions.ts'
import {
  nonnegative,
  notMoreThan100Percent,
  positiveIntOrPercent,
  unsupported,
} from '../../validate/fields.ts'
import type { Json } from '../../validate/json.ts'
import { validateLabelSelector } from '../../validate/labels.ts'
import { integer, text } from '../cells.ts'
import { age } from '../columns.ts'
import { defineKind } from '../define.ts'

const COUNTS = ['disruptionsAllowed', 'currentHealthy', 'desiredHealthy', 'expectedPods']
const EVICTION_POLICIES = ['IfHealthyBudget', 'AlwaysAllow']

export const podDisruptionBudget = defineKind({
  group: 'policy',
  version: 'v1',
  kind: 'PodDisruptionBudget',
  plural: 'poddisruptionbudgets',
  shortNames: ['pdb'],
  allowUnconditionalUpdate: false,
  columns: [
    text('Min Available', (object) => orNone(object['spec']?.minAvailable)),
    text('Max Unavailable', (object) => orNone(object['spec']?.maxUnavailable)),
    integer('Allowed Disruptions', (object) => object['status']?.disruptionsAllowed ?? 0),
    age,
  ],
  prepareForCreate(object) {
    object['status'] = { currentHealthy: 0, desiredHealthy: 0, disruptionsAllowed: 0, expectedPods: 0 }
  },
  prepareForUpdate(object, old) {
    object['status'] = old['status']
  },
  validate,
  validateStatusUpdate: (object) => [
    ...validateConditions(object['status']?.conditions, 'status.conditions'),
    ...COUNTS.flatMap((name) => nonnegative(object['status']?.[name], `status.${name}`)),
  ],
  warnings(object) {
    const selector = object['spec']?.selector
    if (!selector || Object.keys(selector).length > 0) return []
    return ['spec.selector: an empty selector is considered to match all pods in the namespace']
  },
})

function validate(object: KubeObject): FieldError[] {
  const spec = object['spec'] ?? {}
  const errors: FieldError[] = []
  const given = ['minAvailable', 'maxUnavailable'].filter((name) => isSet(spec[name]))
  if (given.length === 2) {
    errors.push(invalid('spec', spec, 'minAvailable and maxUnavailable cannot be both set'))
  }
  for (const name of given) {
    errors.push(...positiveIntOrPercent(spec[name], `spec.${name}`))
    errors.push(...notMoreThan100Percent(spec[name], `spec.${name}`))
  }
  errors.push(...validateLabelSelector(spec.selector, 'spec.selector'))
  const policy = spec.unhealthyPodEvictionPolicy
  if (!isSet(policy) || EVICTION_POLICIES.includes(policy)) return errors
  return [...errors, unsupported('spec.unhealthyPodEvictionPolicy', policy, EVICTION_POLICIES)]
}

function orNone(value: Json): string {
  return isSet(value) ? String(value) : 'N/A'
}

function isSet(value: Json): boolean {
  return value !== undefined && value !== null
}
