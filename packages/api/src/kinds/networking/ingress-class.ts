// IngressClass: which controller answers for an Ingress.

import { type FieldError, forbiddenField, required, tooLong } from '../../field-error.ts'
import type { KubeObject } from '../../object.ts'
import { validateDomainPrefixedPath } from '../../validate/domains.ts'
import { named, oneOf } from '../../validate/fields.ts'
import { immutable } from '../../validate/immutable.ts'
import { isDNS1123Label } from '../../validate/names.ts'
import { text } from '../cells.ts'
import { age } from '../columns.ts'
import { defineKind } from '../define.ts'
import { validateTypedReference } from './ingress-validation.ts'

export const ingressClass = defineKind({
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'IngressClass',
  plural: 'ingressclasses',
  namespaced: false,
  hasGeneration: true,
  columns: [text('Controller', (object) => object.spec?.controller), text('Parameters', parametersCell), age],
  setDefaults(object) {
    if (object.spec?.parameters) object.spec.parameters.scope ??= 'Cluster'
  },
  validate: validateIngressClass,
  validateUpdate: (object, old) =>
    immutable(object.spec?.controller, old.spec?.controller, 'spec.controller'),
})

function parametersCell(object: KubeObject): string {
  const ref = object.spec?.parameters
  if (!ref) return '<none>'
  return `${ref.kind}${ref.apiGroup ? `.${ref.apiGroup}` : ''}/${ref.name}`
}

const MAX_CONTROLLER = 250

function validateIngressClass(object: KubeObject): FieldError[] {
  const controller: string = object.spec?.controller ?? ''
  const errors: FieldError[] = []
  if (controller.length > MAX_CONTROLLER) errors.push(tooLong('spec.controller', MAX_CONTROLLER))
  errors.push(...validateDomainPrefixedPath(controller, 'spec.controller'))
  const parameters = object.spec?.parameters
  if (!parameters) return errors
  const field = 'spec.parameters'
  errors.push(...validateTypedReference(parameters, field))
  errors.push(...oneOf(`${field}.scope`, parameters.scope, ['Cluster', 'Namespace']))
  const hasNamespace = (parameters.namespace ?? null) !== null
  if (parameters.scope === 'Namespace' && !hasNamespace) {
    errors.push(required(`${field}.namespace`, "`parameters.scope` is set to 'Namespace'"))
  } else if (parameters.scope === 'Namespace') {
    errors.push(...named(`${field}.namespace`, parameters.namespace, isDNS1123Label))
  } else if (parameters.scope === 'Cluster' && hasNamespace) {
    errors.push(forbiddenField(`${field}.namespace`, "`parameters.scope` is set to 'Cluster'"))
  }
  return errors
}
