// ValidatingAdmissionPolicy: rules in CEL that a write must keep.

import type { KubeObject } from '../../object.ts'
import { integer, size, text } from '../cells.ts'
import { age } from '../columns.ts'
import { defineKind } from '../define.ts'
import { NOT_ENFORCED, warnsThat } from '../not-enforced.ts'
import { setPolicyDefaults, validatePolicy } from './policy-rules.ts'

export const validatingAdmissionPolicy = defineKind({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'ValidatingAdmissionPolicy',
  plural: 'validatingadmissionpolicies',
  statusKeepsMetadata: 'all',
  categories: ['api-extensions'],
  namespaced: false,
  allowUnconditionalUpdate: false,
  columns: [
    integer('Validations', (object) => size(object.spec?.validations)),
    text('ParamKind', paramKindCell),
    age,
  ],
  setDefaults: setPolicyDefaults,
  validate: validatePolicy,
  warnings: warnsThat(NOT_ENFORCED.policies),
})

function paramKindCell(object: KubeObject): string {
  const kind = object.spec?.paramKind
  return kind ? `${kind.apiVersion}/${kind.kind}` : '<unset>'
}
