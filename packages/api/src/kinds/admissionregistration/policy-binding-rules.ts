// Defaults and rules of a ValidatingAdmissionPolicyBinding.

import { duplicate, type FieldError, forbiddenField, required } from '../../field-error.ts'
import type { KubeObject } from '../../object.ts'
import { invalidAs, named, oneOf } from '../../validate/fields.ts'
import { goList } from '../../validate/go-list.ts'
import { type Json, listOf } from '../../validate/json.ts'
import { validateLabelSelector } from '../../validate/labels.ts'
import { isDNS1123Subdomain, isPathSegmentName } from '../../validate/names.ts'
import { setMatchDefaults, validateMatchResources } from './match-resources.ts'

const DENY_AND_WARN =
  'must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)'

export function setBindingDefaults({ spec }: KubeObject): void {
  if (spec?.matchResources) setMatchDefaults(spec.matchResources)
}

export function validateBinding(object: KubeObject): FieldError[] {
  const spec: Json = object.spec ?? {}
  const errors = spec.policyName
    ? named('spec.policyName', spec.policyName, isDNS1123Subdomain)
    : [required('spec.policyName')]
  if (spec.paramRef) errors.push(...validateParamRef(spec.paramRef, 'spec.paramRef'))
  if (spec.matchResources) errors.push(...validateMatchResources(spec.matchResources, 'spec.matchResources'))
  return [...errors, ...validateActions(listOf(spec.validationActions), 'spec.validationActions')]
}

/** The parameter objects by name or by selector, not both. */
function validateParamRef(ref: Json, field: string): FieldError[] {
  const errors: FieldError[] = []
  if (ref.name && ref.selector) {
    const why = 'name and selector are mutually exclusive'
    errors.push(forbiddenField(`${field}.name`, why), forbiddenField(`${field}.selector`, why))
  } else if (ref.name) errors.push(...named(`${field}.name`, ref.name, isPathSegmentName))
  else if (ref.selector) errors.push(...validateLabelSelector(ref.selector, `${field}.selector`))
  else errors.push(required(field, 'one of name or selector must be specified'))
  return [
    ...errors,
    ...oneOf(`${field}.parameterNotFoundAction`, ref.parameterNotFoundAction, ['Allow', 'Deny']),
  ]
}

function validateActions(actions: string[], field: string): FieldError[] {
  if (actions.length === 0) return [required(field, 'at least one validation action is required')]
  const errors: FieldError[] = []
  for (const [i, action] of actions.entries()) {
    errors.push(...oneOf(`${field}[${i}]`, action, ['Audit', 'Deny', 'Warn']))
    if (actions.indexOf(action) < i) errors.push(duplicate(`${field}[${i}]`, action))
  }
  if (actions.includes('Deny') && actions.includes('Warn'))
    errors.push(invalidAs(field, goList('admissionregistration.ValidationAction', actions), DENY_AND_WARN))
  return errors
}
