// The Targets column: what each metric is against what it should be.

import { type Json, listOf } from '../../validate/json.ts'

const MAX_SHOWN = 2
const UNKNOWN = '<unknown>'

/** `cpu: 20%/80%, 10/50 (avg) + 1 more...`. */
export function metricsText(metrics: Json, statuses: Json): string {
  const texts = listOf(metrics).map((metric, i) => metricText(metric, listOf(statuses)[i]))
  if (texts.length === 0) return '<none>'
  const shown = texts.slice(0, MAX_SHOWN).join(', ')
  return texts.length > MAX_SHOWN ? `${shown} + ${texts.length - MAX_SHOWN} more...` : shown
}

function metricText(metric: Json, status: Json): string {
  switch (metric.type) {
    case 'External':
      return valueText(metric.external?.target, status?.external?.current)
    case 'Object':
      return valueText(metric.object?.target, status?.object?.current)
    case 'Pods': {
      const current = status?.pods?.current?.averageValue ?? UNKNOWN
      return `${current}/${metric.pods?.target?.averageValue}`
    }
    case 'Resource':
      return resourceText(metric.resource, status?.resource)
    case 'ContainerResource':
      return resourceText(metric.containerResource, status?.containerResource)
    default:
      return '<unknown type>'
  }
}

function valueText(target: Json, current: Json): string {
  if (target?.averageValue) return `${current?.averageValue ?? UNKNOWN}/${target.averageValue} (avg)`
  return `${current?.value ?? UNKNOWN}/${target?.value}`
}

function resourceText(metric: Json, status: Json): string {
  const { target, name } = metric ?? {}
  if (target?.averageValue)
    return `${name}: ${status?.current?.averageValue ?? UNKNOWN}/${target.averageValue}`
  const percent = (value: Json, missing: string) => (typeof value === 'number' ? `${value}%` : missing)
  const current = percent(status?.current?.averageUtilization, UNKNOWN)
  return `${name}: ${current}/${percent(target?.averageUtilization, '<auto>')}`
}
