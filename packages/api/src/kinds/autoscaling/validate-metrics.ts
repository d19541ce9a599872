// One metric of a HorizontalPodAutoscaler: exactly the source that its type names, with a target.

import { compareQuantity } from '@brume/base/quantity'
import { type FieldError, forbiddenField, invalid, notSupported, required } from '../../field-error.ts'
import { named } from '../../validate/fields.ts'
import type { Json } from '../../validate/json.ts'
import { isDNS1123Label, isPathSegmentName } from '../../validate/names.ts'
import { validateContainerResourceName } from '../core/pod/resources.ts'
import { validateReference } from './reference.ts'

const SOURCES = {
  Object: 'object',
  External: 'external',
  Pods: 'pods',
  Resource: 'resource',
  ContainerResource: 'containerResource',
} as const
const TYPES = Object.keys(SOURCES).sort()
const TARGETS = ['Utilization', 'Value', 'AverageValue']

export function validateMetric(metric: Json, field: string): FieldError[] {
  const errors: FieldError[] = []
  const type: string = metric.type ?? ''
  if (type === '') errors.push(required(`${field}.type`, 'must specify a metric source type'))
  const expected = SOURCES[type as keyof typeof SOURCES]
  if (expected === undefined) errors.push(notSupported(`${field}.type`, type, TYPES))
  const present = Object.values(SOURCES).filter((source) => metric[source])
  if (present.length > 0) {
    const first = present[0]!
    errors.push(...validateSource(first, metric[first], `${field}.${first}`))
  }
  if (expected !== undefined && !metric[expected]) {
    errors.push(required(`${field}.${expected}`, 'must populate information for the given metric source'))
  }
  if (present.length === 1) return errors
  for (const source of present) {
    if (source === expected) continue
    errors.push(forbiddenField(`${field}.${source}`, 'must populate the given metric source only'))
  }
  return errors
}

function validateSource(source: string, given: Json, field: string): FieldError[] {
  const target = given.target ?? {}
  const at = `${field}.target`
  const common = validateTarget(target, at)
  switch (source) {
    case 'object':
      return [
        ...validateReference(given.describedObject ?? {}, `${field}.describedObject`),
        ...validateIdentifier(given.metric ?? {}, `${field}.metric`),
        ...common,
        ...needsValue(target, at, 'must set either a target value or averageValue'),
      ]
    case 'external':
      return [
        ...validateIdentifier(given.metric ?? {}, `${field}.metric`),
        ...common,
        ...needsValue(target, at, 'must set either a target value for metric or a per-pod target'),
        ...notBoth(target, at),
      ]
    case 'pods':
      return [
        ...validateIdentifier(given.metric ?? {}, `${field}.metric`),
        ...common,
        ...(isSet(target.averageValue)
          ? []
          : [required(`${at}.averageValue`, 'must specify a positive target averageValue')]),
      ]
    default:
      return [...validateResource(source, given, field), ...common, ...validateUtilization(target, at)]
  }
}

function validateResource(source: string, given: Json, field: string): FieldError[] {
  const errors: FieldError[] = []
  const inContainer = source === 'containerResource'
  if (!given.name) errors.push(required(`${field}.name`, 'must specify a resource name'))
  else if (inContainer) errors.push(...validateContainerResourceName(given.name, `${field}.name`))
  if (!inContainer) return errors
  if (!given.container) return [...errors, required(`${field}.container`, 'must specify a container')]
  return errors.concat(named(`${field}.container`, given.container, isDNS1123Label))
}

function validateUtilization(target: Json, field: string): FieldError[] {
  const utilization = isSet(target.averageUtilization)
  const value = isSet(target.averageValue)
  if (!utilization && !value) {
    const why = 'must set either a target raw value or a target utilization'
    return [required(`${field}.averageUtilization`, why)]
  }
  if (!utilization || !value) return []
  const why = 'may not set both a target raw value and a target utilization'
  return [forbiddenField(`${field}.averageValue`, why)]
}

function validateTarget(target: Json, field: string): FieldError[] {
  const errors: FieldError[] = []
  const type = target.type ?? ''
  if (type === '') errors.push(required(`${field}.type`, 'must specify a metric target type'))
  if (!TARGETS.includes(type)) {
    errors.push(invalid(`${field}.type`, type, 'must be either Utilization, Value, or AverageValue'))
  }
  for (const name of ['value', 'averageValue']) {
    if (!isSet(target[name]) || compareQuantity(target[name], '0') > 0) continue
    errors.push(invalid(`${field}.${name}`, target[name], 'must be positive'))
  }
  if (target.averageUtilization < 1) {
    errors.push(invalid(`${field}.averageUtilization`, target.averageUtilization, 'must be greater than 0'))
  }
  return errors
}

function validateIdentifier(metric: Json, field: string): FieldError[] {
  if (!metric.name) return [required(`${field}.name`, 'must specify a metric name')]
  return named(`${field}.name`, metric.name, isPathSegmentName)
}

function needsValue(target: Json, field: string, why: string): FieldError[] {
  if (isSet(target.value) || isSet(target.averageValue)) return []
  return [required(`${field}.averageValue`, why)]
}

function notBoth(target: Json, field: string): FieldError[] {
  if (!isSet(target.value) || !isSet(target.averageValue)) return []
  const why = 'may not set both a target value for metric and a per-pod target'
  return [forbiddenField(`${field}.value`, why)]
}

function isSet(value: Json): boolean {
  return value !== undefined && value !== null
}
