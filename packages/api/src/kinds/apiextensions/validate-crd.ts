// Rules of a CustomResourceDefinition as a whole.

import { type FieldError, invalid, notSupported, required } from '../../field-error.ts'
import type { KubeObject } from '../../object.ts'
import { immutable } from '../../validate/immutable.ts'
import { type Json, listOf } from '../../validate/json.ts'
import { isDNS1035Label, isDNS1123Subdomain } from '../../validate/names.ts'
import { validateConversion } from './validate-conversion.ts'
import { validateNames } from './validate-names.ts'
import { validateVersions } from './validate-version.ts'

const SCOPES = ['Cluster', 'Namespaced']
const APPROVAL = 'api-approved.kubernetes.io'
const APPROVAL_RULES = 'see https://github.com/kubernetes/enhancements/pull/1111'
const PROTECTED_GROUP = /(^|\.)(k8s\.io|kubernetes\.io)$/

export function validateCrd(crd: KubeObject): FieldError[] {
  const spec: Json = crd['spec'] ?? {}
  const status: Json = crd['status'] ?? {}
  return [
    ...nameErrors(crd, spec),
    ...validateSpec(spec),
    ...validateNames(status.acceptedNames ?? {}, 'status.acceptedNames'),
    ...storedVersionErrors(listOf(status.storedVersions), listOf(spec.versions)),
    ...approvalErrors(crd, spec),
  ]
}

export function validateCrdUpdate(crd: KubeObject, old: KubeObject): FieldError[] {
  const [spec, before]: [Json, Json] = [crd['spec'] ?? {}, old['spec'] ?? {}]
  const errors: FieldError[] = []
  if (isEstablished(old)) {
    errors.push(...immutable(spec.scope, before.scope, 'spec.scope'))
    errors.push(...immutable(spec.names?.kind, before.names?.kind, 'spec.names.kind'))
  }
  errors.push(...immutable(spec.group, before.group, 'spec.group'))
  errors.push(...immutable(spec.names?.plural, before.names?.plural, 'spec.names.plural'))
  return errors
}

function nameErrors(crd: KubeObject, spec: Json): FieldError[] {
  const { name } = crd.metadata
  if (name === undefined || name === `${spec.names?.plural}.${spec.group}`) return []
  return [invalid('metadata.name', name, 'must be spec.names.plural+"."+spec.group')]
}

function validateSpec(spec: Json): FieldError[] {
  const errors = [...groupErrors(spec.group), ...scopeErrors(spec.scope)]
  const versions = listOf(spec.versions)
  if (spec.preserveUnknownFields === true) {
    const why =
      'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead'
    errors.push(invalid('spec.preserveUnknownFields', true, why))
  }
  for (const [i, version] of versions.entries()) {
    const at = `spec.versions[${i}]`
    if (version.schema?.openAPIV3Schema === undefined || version.schema.openAPIV3Schema === null) {
      errors.push(required(`${at}.schema.openAPIV3Schema`))
    }
    const wrong = isDNS1035Label(version.name ?? '')
    if (wrong.length > 0) errors.push(invalid(`${at}.name`, version.name ?? '', wrong.join(',')))
  }
  errors.push(...validateVersions(versions, 'spec'))
  const names = versions.map((version) => version.name)
  if (new Set(names).size < names.length) {
    errors.push(invalid('spec.versions', names, 'must contain unique version names'))
  }
  if (versions.filter((version) => version.storage === true).length !== 1) {
    errors.push(invalid('spec.versions', names, 'must have exactly one version marked as storage version'))
  }
  for (const name of ['plural', 'singular', 'kind', 'listKind']) {
    if (!spec.names?.[name]) errors.push(required(`spec.names.${name}`))
  }
  errors.push(...validateNames(spec.names ?? {}, 'spec.names'))
  errors.push(...validateConversion(spec.conversion, 'spec.conversion'))
  return errors
}

function groupErrors(group: Json): FieldError[] {
  if (!group) return [required('spec.group')]
  const wrong = isDNS1123Subdomain(group)
  if (wrong.length > 0) return [invalid('spec.group', group, wrong.join(','))]
  return group.includes('.') ? [] : [invalid('spec.group', group, 'should be a domain with at least one dot')]
}

function scopeErrors(scope: Json): FieldError[] {
  if (!scope) return [required('spec.scope')]
  return SCOPES.includes(scope) ? [] : [notSupported('spec.scope', scope, SCOPES)]
}

function storedVersionErrors(stored: string[], versions: Json[]): FieldError[] {
  const field = 'status.storedVersions'
  if (stored.length === 0) return [invalid(field, stored, 'must have at least one stored version')]
  const errors: FieldError[] = []
  const storage = versions.find((version) => version.storage === true)?.name
  if (storage !== undefined && !stored.includes(storage)) {
    errors.push(invalid(field, stored, `must have the storage version ${storage}`))
  }
  for (const [i, name] of stored.entries()) {
    if (versions.some((version) => version.name === name)) continue
    const why = `missing from spec.versions; ${name} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in ${name} and removes ${name} from status.storedVersions`
    errors.push(invalid(`${field}[${i}]`, name, why))
  }
  return errors
}

/** Groups of the Kubernetes project want the address of the review that approved them. */
function approvalErrors(crd: KubeObject, spec: Json): FieldError[] {
  if (typeof spec.group !== 'string' || !PROTECTED_GROUP.test(spec.group)) return []
  const field = `metadata.annotations[${APPROVAL}]`
  const value = crd.metadata.annotations?.[APPROVAL]
  const wanted = `protected groups must have approval annotation "${APPROVAL}"`
  if (value === undefined || value === '') return [required(field, `${wanted}, ${APPROVAL_RULES}`)]
  if (value.startsWith('unapproved') || URL.canParse(value)) return []
  const why = `${wanted} with either a URL or a reason starting with "unapproved", ${APPROVAL_RULES}`
  return [invalid(field, value, why)]
}

function isEstablished(crd: KubeObject): boolean {
  return listOf(crd['status']?.conditions).some((c) => c.type === 'Established' && c.status === 'True')
}
