// ValidatingAdmissionPolicyBinding: where a policy applies, and with which parameters.

import type { KubeObject } from '../../object.ts'
import { formatStructured } from '../../selectors/structured.ts'
import { text } from '../cells.ts'
import { age } from '../columns.ts'
import { defineKind } from '../define.ts'
import { NOT_ENFORCED, warnsThat } from '../not-enforced.ts'
import { setBindingDefaults, validateBinding } from './policy-binding-rules.ts'

export const validatingAdmissionPolicyBinding = defineKind({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'ValidatingAdmissionPolicyBinding',
  plural: 'validatingadmissionpolicybindings',
  categories: ['api-extensions'],
  namespaced: false,
  hasGeneration: true,
  allowUnconditionalUpdate: false,
  columns: [text('PolicyName', (object) => object.spec?.policyName), text('ParamRef', paramRefCell), age],
  setDefaults: setBindingDefaults,
  validate: validateBinding,
  warnings: warnsThat(NOT_ENFORCED.policies),
})

function paramRefCell(object: KubeObject): string {
  const ref = object.spec?.paramRef
  if (ref?.name) return `${ref.namespace || '*'}/${ref.name}`
  return ref?.selector ? formatStructured(ref.selector) : '<unset>'
}
