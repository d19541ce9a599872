// Names of computing resources: in containers, limits and quotas.

import { type FieldError, invalid } from '../field-error.ts'
import { named } from './fields.ts'
import { isQualifiedName } from './names.ts'
import {
  isExtendedResource,
  isHugePages,
  isNativeResource,
  isStandardContainerResource,
} from './quantities.ts'

/** What a ResourceQuota may limit without a domain in the name. */
const QUOTA: ReadonlySet<string> = new Set([
  'cpu',
  'memory',
  'ephemeral-storage',
  'requests.cpu',
  'requests.memory',
  'requests.storage',
  'requests.ephemeral-storage',
  'limits.cpu',
  'limits.memory',
  'limits.ephemeral-storage',
  'pods',
  'resourcequotas',
  'services',
  'replicationcontrollers',
  'secrets',
  'persistentvolumeclaims',
  'configmaps',
  'services.nodeports',
  'services.loadbalancers',
])

export function isQuotaResource(name: string): boolean {
  return QUOTA.has(name) || isHugePages(name) || name.startsWith('requests.hugepages-')
}

/** A qualified name; without a domain, one that the API knows. */
export function validateResourceName(name: string, field: string): FieldError[] {
  const errors = named(field, name, isQualifiedName)
  if (errors.length > 0 || name.includes('/') || name === 'storage' || isQuotaResource(name)) return errors
  return [invalid(field, name, 'must be a standard resource type or fully qualified')]
}

export function validateContainerResourceName(name: string, field: string): FieldError[] {
  const errors = validateResourceName(name, field)
  if (!name.includes('/')) {
    if (isStandardContainerResource(name)) return errors
    return [...errors, invalid(field, name, 'must be a standard resource for containers')]
  }
  if (isNativeResource(name) || isExtendedResource(name)) return errors
  return [...errors, invalid(field, name, "doesn't follow extended resource name standard")]
}

export function validateQuotaResourceName(name: string, field: string): FieldError[] {
  const errors = validateResourceName(name, field)
  if (name.includes('/') || isQuotaResource(name)) return errors
  return [...errors, invalid(field, name, 'must be a standard resource for quota')]
}
