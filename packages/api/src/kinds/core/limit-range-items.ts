// One item of a LimitRange: what is left out follows from what is there, and all of it must agree.

import { compareQuantity, quantityMilliValue } from '@brume/base/quantity'
import { duplicate, type FieldError, forbiddenField, invalid, required } from '../../field-error.ts'
import type { KubeObject } from '../../object.ts'
import { named } from '../../validate/fields.ts'
import { type Json, listOf, mapOf } from '../../validate/json.ts'
import { isQualifiedName } from '../../validate/names.ts'
import { isOvercommitAllowed } from '../../validate/quantities.ts'
import { validateContainerResourceName, validateResourceName } from '../../validate/resource-names.ts'

const TYPES = ['Pod', 'Container', 'PersistentVolumeClaim']

/** Containers only: limits default to the maximum, requests to the limit or else to the minimum. */
export function defaultLimits(item: Json): void {
  if (item.type !== 'Container') return
  const limits = { ...mapOf(item.max), ...mapOf(item.default) }
  const requests = { ...mapOf(item.min), ...limits, ...mapOf(item.defaultRequest) }
  if (Object.keys(limits).length > 0) item.default = limits
  if (Object.keys(requests).length > 0) item.defaultRequest = requests
}

export function validateLimitRange(object: KubeObject): FieldError[] {
  const seen = new Set<string>()
  return listOf(object.spec?.limits).flatMap((item, i) => {
    const field = `spec.limits[${i}]`
    const errors = validateType(item.type ?? '', `${field}.type`)
    if (seen.has(item.type)) errors.push(duplicate(`${field}.type`, item.type))
    seen.add(item.type)
    return [...errors, ...validateItem(item, field)]
  })
}

function validateType(type: string, field: string): FieldError[] {
  const errors = named(field, type, isQualifiedName)
  if (errors.length > 0 || type.includes('/') || TYPES.includes(type)) return errors
  return [invalid(field, type, 'must be a standard limit type or fully qualified')]
}

function validateItem(item: Json, field: string): FieldError[] {
  const errors: FieldError[] = []
  const isPod = item.type === 'Pod'
  const checkName = isPod || item.type === 'Container' ? validateContainerResourceName : validateResourceName
  const names = new Set<string>()
  for (const list of ['max', 'min', 'default', 'defaultRequest', 'maxLimitRequestRatio']) {
    const keys = Object.keys(mapOf(item[list]))
    if (isPod && (list === 'default' || list === 'defaultRequest')) {
      if (keys.length > 0) {
        errors.push(forbiddenField(`${field}.${list}`, "may not be specified when `type` is 'Pod'"))
      }
      continue
    }
    for (const name of keys) {
      errors.push(...checkName(name, `${field}.${list}[${name}]`))
      names.add(name)
    }
  }
  if (item.type === 'PersistentVolumeClaim' && !item.min?.storage && !item.max?.storage) {
    const why = 'either minimum or maximum storage value is required, but neither was provided'
    errors.push(required(`${field}.limits`, why))
  }
  return [...errors, ...[...names].flatMap((name) => validateAmounts(item, name, field))]
}

interface Comparison {
  low: [string, string | undefined]
  high: [string, string | undefined]
  /** The list at whose key the error stands, and the amount that it shows. */
  at: 'min' | 'default' | 'defaultRequest'
  shown: string | undefined
}

function validateAmounts(item: Json, name: string, field: string): FieldError[] {
  const isPod = item.type === 'Pod'
  const min: string | undefined = item.min?.[name]
  const max: string | undefined = item.max?.[name]
  const limit: string | undefined = isPod ? undefined : item.default?.[name]
  const request: string | undefined = isPod ? undefined : item.defaultRequest?.[name]
  const comparisons: Comparison[] = [
    { low: ['min', min], high: ['max', max], at: 'min', shown: min },
    { low: ['min', min], high: ['default request', request], at: 'defaultRequest', shown: request },
    { low: ['default request', request], high: ['max', max], at: 'defaultRequest', shown: request },
    {
      low: ['default request', request],
      high: ['default limit', limit],
      at: 'defaultRequest',
      shown: request,
    },
    { low: ['min', min], high: ['default', limit], at: 'default', shown: min },
    { low: ['default', limit], high: ['max', max], at: 'default', shown: max },
  ]
  const errors = comparisons.flatMap((comparison) => isOrdered(comparison, name, field))
  errors.push(...validateRatio({ ratio: item.maxLimitRequestRatio?.[name], min, max }, name, field))
  if (limit && request && !isOvercommitAllowed(name) && compareQuantity(limit, request) !== 0) {
    const why = `default value ${limit} must equal to defaultRequest value ${request} in ${name}`
    errors.push(invalid(`${field}.defaultRequest[${name}]`, request, why))
  }
  return errors
}

function isOrdered({ low, high, at, shown }: Comparison, name: string, field: string): FieldError[] {
  if (!low[1] || !high[1] || compareQuantity(low[1], high[1]) <= 0) return []
  const why = `${low[0]} value ${low[1]} is greater than ${high[0]} value ${high[1]}`
  return [invalid(`${field}.${at}[${name}]`, shown, why)]
}

function validateRatio(
  { ratio, min, max }: { ratio?: string; min?: string | undefined; max?: string | undefined },
  name: string,
  field: string,
): FieldError[] {
  if (!ratio) return []
  const at = `${field}.maxLimitRequestRatio[${name}]`
  const errors: FieldError[] = []
  if (compareQuantity(ratio, '1') < 0) errors.push(invalid(at, ratio, `ratio ${ratio} is less than 1`))
  if (!min || !max) return errors
  const largest = quantityMilliValue(max) / quantityMilliValue(min)
  if (quantityMilliValue(ratio) / 1000 > largest) {
    errors.push(invalid(at, ratio, `ratio ${ratio} is greater than max/min = ${largest.toFixed(6)}`))
  }
  return errors
}
