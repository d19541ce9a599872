// Defaults and rules of role bindings.

import { type FieldError, notSupported, required } from '../../field-error.ts'
import type { KubeObject } from '../../object.ts'
import { invalidAs, named, unsupported } from '../../validate/fields.ts'
import { semanticEqual } from '../../validate/immutable.ts'
import { type Json, listOf } from '../../validate/json.ts'
import { isDNS1123Subdomain, isPathSegmentName } from '../../validate/names.ts'

const GROUP = 'rbac.authorization.k8s.io'
const SUBJECT_KINDS = ['ServiceAccount', 'User', 'Group']

export function setBindingDefaults(object: KubeObject): void {
  if (object['roleRef']) object['roleRef'].apiGroup ||= GROUP
  for (const subject of listOf(object['subjects'])) {
    if (subject.kind === 'User' || subject.kind === 'Group') subject.apiGroup ||= GROUP
  }
}

export interface BindingRules {
  /** Kinds that the binding may refer to. */
  roleKinds: string[]
  isNamespaced: boolean
}

export function validateBinding(object: KubeObject, { roleKinds, isNamespaced }: BindingRules): FieldError[] {
  const { apiGroup = '', kind = '', name = '' } = object['roleRef'] ?? {}
  const errors: FieldError[] = []
  if (apiGroup !== GROUP) errors.push(notSupported('roleRef.apiGroup', apiGroup, [GROUP]))
  if (!roleKinds.includes(kind)) errors.push(unsupported('roleRef.kind', kind, roleKinds))
  if (name === '') errors.push(required('roleRef.name'))
  else errors.push(...named('roleRef.name', name, isPathSegmentName))
  for (const [i, subject] of listOf(object['subjects']).entries()) {
    errors.push(...validateSubject(subject, `subjects[${i}]`, isNamespaced))
  }
  return errors
}

function validateSubject(subject: Json, field: string, isNamespaced: boolean): FieldError[] {
  const { kind = '', apiGroup = '', name = '', namespace = '' } = subject
  const errors: FieldError[] = []
  if (name === '') errors.push(required(`${field}.name`))
  if (kind === 'ServiceAccount') {
    if (name !== '') errors.push(...named(`${field}.name`, name, isDNS1123Subdomain))
    if (apiGroup !== '') errors.push(notSupported(`${field}.apiGroup`, apiGroup, ['']))
    if (!isNamespaced && namespace === '') errors.push(required(`${field}.namespace`))
  } else if (kind === 'User' || kind === 'Group') {
    if (apiGroup !== GROUP) errors.push(notSupported(`${field}.apiGroup`, apiGroup, [GROUP]))
  } else errors.push(unsupported(`${field}.kind`, kind, SUBJECT_KINDS))
  return errors
}

export function validateRoleRefStays(object: KubeObject, old: KubeObject): FieldError[] {
  if (semanticEqual(object['roleRef'], old['roleRef'])) return []
  const { apiGroup, kind, name } = object['roleRef']
  const shown = `rbac.RoleRef{APIGroup:${JSON.stringify(apiGroup)}, Kind:${JSON.stringify(kind)}, Name:${JSON.stringify(name)}}`
  return [invalidAs('roleRef', shown, 'cannot change roleRef')]
}
