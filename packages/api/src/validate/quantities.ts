// Quantities and resource lists: amounts that are not negative, names that mean something, requests within limits.

import { compareQuantity, quantityMilliValue, quantityValue } from '@brume/base/quantity'
import { type FieldError, invalid } from '../field-error.ts'
import { NEGATIVE_MESSAGE, NOT_INTEGER_MESSAGE } from './fields.ts'
import { isQualifiedName } from './names.ts'

const STANDARD = new Set(['cpu', 'memory', 'ephemeral-storage'])
const NATIVE_DOMAIN = 'kubernetes.io/'

export function isNegative(quantity: string): boolean {
  return compareQuantity(quantity, '0') < 0
}

export function nonnegativeQuantity(quantity: string, field: string): FieldError[] {
  return isNegative(quantity) ? [invalid(field, quantity, NEGATIVE_MESSAGE)] : []
}

export function positiveQuantity(quantity: string, field: string): FieldError[] {
  if (compareQuantity(quantity, '0') > 0) return []
  return [invalid(field, quantity, 'must be greater than zero')]
}

/** The quantity is a whole number. */
export function isWhole(quantity: string): boolean {
  return quantityMilliValue(quantity) === quantityValue(quantity) * 1000
}

export function isHugePages(name: string): boolean {
  return name.startsWith('hugepages-')
}

/** cpu, memory, ephemeral-storage and huge pages: what a container may ask for without a domain. */
export function isStandardContainerResource(name: string): boolean {
  return STANDARD.has(name) || isHugePages(name)
}

export function isNativeResource(name: string): boolean {
  return !name.includes('/') || name.includes(NATIVE_DOMAIN)
}

/** `example.com/gpu`: counted, whole, never over-committed. */
export function isExtendedResource(name: string): boolean {
  if (isNativeResource(name) || name.startsWith('requests.')) return false
  return isQualifiedName(`requests.${name}`).length === 0
}

/** Whether requests may be below limits. */
export function isOvercommitAllowed(name: string): boolean {
  return isNativeResource(name) && !isHugePages(name)
}

/** Sign and wholeness of one resource's amount (ValidateResourceQuantityValue). */
export function validateResourceAmount(name: string, quantity: string, field: string): FieldError[] {
  const errors = nonnegativeQuantity(quantity, field)
  if (isIntegerResource(name) && !isWhole(quantity)) {
    errors.push(invalid(field, quantity, NOT_INTEGER_MESSAGE))
  }
  return errors
}

function isIntegerResource(name: string): boolean {
  return INTEGER_RESOURCES.has(name) || isExtendedResource(name)
}

/** Counted objects of a quota, and pods of a node. */
export const INTEGER_RESOURCES: ReadonlySet<string> = new Set([
  'pods',
  'resourcequotas',
  'services',
  'replicationcontrollers',
  'secrets',
  'configmaps',
  'persistentvolumeclaims',
  'services.nodeports',
  'services.loadbalancers',
])
