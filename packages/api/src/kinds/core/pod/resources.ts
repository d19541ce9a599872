// What containers ask for: resource names, amounts, requests within limits, resize policies.

import { canonicalQuantity, compareQuantity, quantityValue } from '@brume/base/quantity'
import {
  duplicate,
  type FieldError,
  forbiddenField,
  invalid,
  notFoundField,
  notSupported,
  required,
} from '../../../field-error.ts'
import { named } from '../../../validate/fields.ts'
import { type Json, listOf, mapOf } from '../../../validate/json.ts'
import { isDNS1123Label, isQualifiedName } from '../../../validate/names.ts'
import {
  isExtendedResource,
  isHugePages,
  isNativeResource,
  isOvercommitAllowed,
  isStandardContainerResource,
  validateResourceAmount,
} from '../../../validate/quantities.ts'

/** `claimNames` are those of the pod's resourceClaims. */
export function validateResources(
  resources: Json,
  claimNames: ReadonlySet<string>,
  field: string,
): FieldError[] {
  if (!resources) return []
  const errors: FieldError[] = []
  const limits = mapOf(resources.limits)
  const requests = mapOf(resources.requests)
  for (const [name, quantity] of Object.entries(limits)) {
    errors.push(...validateEntry(name, quantity, `${field}.limits[${name}]`))
  }
  for (const [name, quantity] of Object.entries(requests)) {
    errors.push(...validateEntry(name, quantity, `${field}.requests[${name}]`))
    errors.push(...validateWithinLimit(name, quantity, limits[name], field))
  }
  const names = [...Object.keys(limits), ...Object.keys(requests)]
  if (names.some(isHugePages) && !names.some((name) => name === 'cpu' || name === 'memory')) {
    errors.push(forbiddenField(field, 'HugePages require cpu or memory'))
  }
  return errors.concat(validateClaims(listOf(resources.claims), claimNames, `${field}.claims`))
}

export function validateResizePolicy(policies: Json, restartPolicy: string, field: string): FieldError[] {
  const errors: FieldError[] = []
  const seen = new Set<string>()
  for (const [i, policy] of listOf(policies).entries()) {
    if (seen.has(policy.resourceName)) errors.push(duplicate(`${field}[${i}]`, policy.resourceName))
    seen.add(policy.resourceName)
    errors.push(...choice(policy.resourceName, ['cpu', 'memory'], field))
    errors.push(...choice(policy.restartPolicy, ['NotRequired', 'RestartContainer'], field))
    if (restartPolicy === 'Never' && policy.restartPolicy !== 'NotRequired') {
      const why = "must be 'NotRequired' when `restartPolicy` is 'Never'"
      errors.push(invalid(field, policy.restartPolicy, why))
    }
  }
  return errors
}

function choice(value: string | undefined, values: string[], field: string): FieldError[] {
  if (!value) return [required(field)]
  return values.includes(value) ? [] : [notSupported(field, value, values)]
}

function validateEntry(name: string, quantity: string, field: string): FieldError[] {
  const errors = validateContainerResourceName(name, field)
  errors.push(...validateResourceAmount(name, quantity, field))
  if (!isHugePages(name)) return errors
  const page = canonicalQuantity(name.slice('hugepages-'.length))
  const pageBytes = page === undefined ? 0 : quantityValue(page)
  if (pageBytes <= 0 || quantityValue(quantity) % pageBytes !== 0) {
    errors.push(invalid(field, quantity, `${quantity} is not positive integer multiple of ${name}`))
  }
  return errors
}

/** A resource that a container may ask for. */
export function validateContainerResourceName(name: string, field: string): FieldError[] {
  const errors = named(field, name, isQualifiedName)
  if (!name.includes('/')) {
    if (isStandardContainerResource(name)) return errors
    if (errors.length === 0 && !isQuotaName(name)) {
      errors.push(invalid(field, name, 'must be a standard resource type or fully qualified'))
    }
    errors.push(invalid(field, name, 'must be a standard resource for containers'))
  } else if (!isNativeResource(name) && !isExtendedResource(name)) {
    errors.push(invalid(field, name, "doesn't follow extended resource name standard"))
  }
  return errors
}

/** Names that only quotas use: known, but not for containers. */
function isQuotaName(name: string): boolean {
  return /^(requests|limits)\.(cpu|memory|storage|ephemeral-storage)$/.test(name) || QUOTA_NAMES.has(name)
}

const QUOTA_NAMES = new Set([
  'pods',
  'resourcequotas',
  'services',
  'replicationcontrollers',
  'secrets',
  'configmaps',
  'persistentvolumeclaims',
  'storage',
  'services.nodeports',
  'services.loadbalancers',
])

function validateWithinLimit(
  name: string,
  quantity: string,
  limit: string | undefined,
  field: string,
): FieldError[] {
  const overcommit = isOvercommitAllowed(name)
  if (limit === undefined) {
    if (overcommit) return []
    return [required(`${field}.limits`, 'Limit must be set for non overcommitable resources')]
  }
  const order = compareQuantity(quantity, limit)
  if (!overcommit && order !== 0) {
    return [invalid(`${field}.requests`, quantity, `must be equal to ${name} limit of ${limit}`)]
  }
  if (order <= 0) return []
  return [invalid(`${field}.requests`, quantity, `must be less than or equal to ${name} limit of ${limit}`)]
}

function validateClaims(claims: Json[], claimNames: ReadonlySet<string>, field: string): FieldError[] {
  const errors: FieldError[] = []
  const seen = new Set<string>()
  for (const [i, claim] of claims.entries()) {
    const at = `${field}[${i}]`
    if (!claim.name) {
      errors.push(required(at))
      continue
    }
    if (claim.request) errors.push(...named(`${at}.request`, claim.request, isDNS1123Label))
    const key = claim.request ? `${claim.name}/${claim.request}` : claim.name
    const overlaps = !claim.request && [...seen].some((other) => other.startsWith(`${claim.name}/`))
    if (seen.has(claim.name)) errors.push(duplicate(at, claim.name))
    else if (seen.has(key) || overlaps) errors.push(duplicate(at, key))
    seen.add(key)
    if (claimNames.has(claim.name)) continue
    const known = claimNames.size === 0 ? ' which is empty' : `: ${[...claimNames].sort().join(', ')}`
    const missing = notFoundField(at, claim.name)
    const why = `must be one of the names in pod.spec.resourceClaims${known}`
    errors.push({ ...missing, message: `${missing.message}: ${why}` })
  }
  return errors
}
