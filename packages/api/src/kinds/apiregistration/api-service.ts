// APIService: which server answers for a group and version.

import { type FieldError, invalid, required } from '../../field-error.ts'
import type { KubeObject } from '../../object.ts'
import { named } from '../../validate/fields.ts'
import { isDNS1035Label, isDNS1123Subdomain, isPathSegmentName } from '../../validate/names.ts'
import { isPortNumber } from '../../validate/ports.ts'
import { text } from '../cells.ts'
import { age } from '../columns.ts'
import { defineKind } from '../define.ts'
import { NOT_ENFORCED, warnsThat } from '../not-enforced.ts'

export const apiService = defineKind({
  group: 'apiregistration.k8s.io',
  version: 'v1',
  kind: 'APIService',
  plural: 'apiservices',
  statusKeepsMetadata: 'all',
  categories: ['api-extensions'],
  namespaced: false,
  hasGeneration: false,
  allowUnconditionalUpdate: false,
  typeName: 'io.k8s.kube-aggregator.pkg.apis.apiregistration.v1.APIService',
  columns: [text('Service', serviceCell), text('Available', availableCell), age],
  validateName: isPathSegmentName,
  setDefaults({ spec }) {
    if (spec?.service) spec.service.port ??= 443
  },
  validate: validateAPIService,
  warnings: warnsThat(NOT_ENFORCED.apiServices, ({ spec }) => Boolean(spec?.service)),
})

function serviceCell(object: KubeObject): string {
  const service = object.spec?.service
  return service ? `${service.namespace}/${service.name}` : 'Local'
}

function availableCell(object: KubeObject): string {
  const conditions: { type: string; status: string; reason?: string }[] = object.status?.conditions ?? []
  const available = conditions.find(({ type }) => type === 'Available')
  if (available === undefined) return 'Unknown'
  return available.status === 'True' ? 'True' : `${available.status} (${available.reason ?? ''})`
}

const MAX_GROUP_PRIORITY = 20000
const MAX_VERSION_PRIORITY = 1000

function validateAPIService(object: KubeObject): FieldError[] {
  const spec = object.spec ?? {}
  const { group = '', version = '', service, caBundle = '', insecureSkipTLSVerify = false } = spec
  const errors: FieldError[] = []
  const name = `${version}.${group}`
  if (object.metadata.name !== name) {
    const why = `must be \`spec.version+"."+spec.group\`: "${name}"`
    errors.push(invalid('metadata.name', object.metadata.name ?? '', why))
  }
  if (group === '' && version !== 'v1') {
    const why = 'only v1 may have an empty group and it better be legacy kube'
    errors.push(required('spec.group', why))
  }
  if (group !== '') errors.push(...named('spec.group', group, isDNS1123Subdomain))
  errors.push(...named('spec.version', version, isDNS1035Label))
  errors.push(...validatePriority(spec.groupPriorityMinimum ?? 0, 'groupPriorityMinimum', MAX_GROUP_PRIORITY))
  errors.push(...validatePriority(spec.versionPriority ?? 0, 'versionPriority', MAX_VERSION_PRIORITY))
  const insecure = 'spec.insecureSkipTLSVerify'
  if (service) {
    errors.push(...validateService(service, 'spec.service'))
    if (insecureSkipTLSVerify && caBundle !== '') {
      errors.push(invalid(insecure, true, 'may not be true if caBundle is present'))
    }
    return errors
  }
  if (caBundle !== '') {
    const bytes = `${Buffer.from(caBundle, 'base64').length} bytes`
    errors.push(invalid('spec.caBundle', bytes, 'local APIServices may not have a caBundle'))
  }
  if (insecureSkipTLSVerify) {
    errors.push(invalid(insecure, true, 'local APIServices may not have insecureSkipTLSVerify'))
  }
  return errors
}

function validatePriority(value: number, field: string, max: number): FieldError[] {
  if (value > 0 && value <= max) return []
  return [invalid(`spec.${field}`, value, `must be positive and less than ${max}`)]
}

function validateService(service: { name?: string; namespace?: string; port?: number }, field: string) {
  const errors: FieldError[] = []
  if (!service.namespace) errors.push(required(`${field}.namespace`))
  if (!service.name) errors.push(required(`${field}.name`))
  const port = service.port ?? 443
  const wrong = isPortNumber(port)
  if (wrong.length > 0) errors.push(invalid(`${field}.port`, port, `port is not valid: ${wrong.join(',')}`))
  return errors
}
