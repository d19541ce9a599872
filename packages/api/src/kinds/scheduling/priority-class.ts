// PriorityClass: how important a pod is.

import {
  BOOTSTRAP_PRIORITY_CLASSES,
  HIGHEST_USER_PRIORITY,
  SYSTEM_PRIORITY_PREFIX,
} from '../../bootstrap/priority-classes.ts'
import { type FieldError, forbiddenField } from '../../field-error.ts'
import type { KubeObject } from '../../object.ts'
import { oneOf } from '../../validate/fields.ts'
import { immutable } from '../../validate/immutable.ts'
import { boolean, integer, text } from '../cells.ts'
import { age } from '../columns.ts'
import { defineKind } from '../define.ts'

export const priorityClass = defineKind({
  group: 'scheduling.k8s.io',
  version: 'v1',
  kind: 'PriorityClass',
  plural: 'priorityclasses',
  shortNames: ['pc'],
  namespaced: false,
  hasGeneration: true,
  columns: [
    integer('Value', (object) => object['value']),
    boolean('Global-Default', (object) => object['globalDefault'] ?? false),
    age,
    text('PreemptionPolicy', (object) => object['preemptionPolicy'] ?? ''),
  ],
  setDefaults(object) {
    object['preemptionPolicy'] ??= 'PreemptLowerPriority'
  },
  validate: validatePriorityClass,
  validateUpdate: (object, old) => [
    ...valueStays(object, old),
    ...immutable(object['preemptionPolicy'], old['preemptionPolicy'], 'preemptionPolicy'),
  ],
})

const SYSTEM_VALUES: ReadonlyMap<string, number> = new Map(
  BOOTSTRAP_PRIORITY_CLASSES.map((object) => [object.metadata.name ?? '', object['value']]),
)

function validatePriorityClass(object: KubeObject): FieldError[] {
  const { name = '' } = object.metadata
  const errors: FieldError[] = []
  if (name.startsWith(SYSTEM_PRIORITY_PREFIX)) {
    const why = notSystem(object)
    if (why !== undefined) {
      const rule = `priority class names with '${SYSTEM_PRIORITY_PREFIX}' prefix are reserved for system use only. error: ${why}`
      errors.push(forbiddenField('metadata.name', rule))
    }
  } else if ((object['value'] ?? 0) > HIGHEST_USER_PRIORITY) {
    const why = `maximum allowed value of a user defined priority is ${HIGHEST_USER_PRIORITY}`
    errors.push(forbiddenField('value', why))
  }
  const policies = ['PreemptLowerPriority', 'Never']
  return [...errors, ...oneOf('preemptionPolicy', object['preemptionPolicy'], policies)]
}

function notSystem(object: KubeObject): string | undefined {
  const { name = '' } = object.metadata
  const value = SYSTEM_VALUES.get(name)
  if (value === undefined) return `${name} is not a known system priority class`
  if (object['value'] !== value) return `value of ${name} PriorityClass must be ${value}`
  return object['globalDefault'] === true ? `globalDefault of ${name} PriorityClass must be false` : undefined
}

function valueStays(object: KubeObject, old: KubeObject): FieldError[] {
  if ((object['value'] ?? 0) === (old['value'] ?? 0)) return []
  return [forbiddenField('value', 'may not be changed in an update.')]
}
