// The constraints of one LimitRange item, each with the words of its refusal.

import type { ResourceList } from '@brume/api/quota/resource-list'
import { compareQuantity, isZeroQuantity, quantityMilliValue } from '@brume/base/quantity'

export interface LimitItem {
  type: string
  max?: ResourceList
  min?: ResourceList
  default?: ResourceList
  defaultRequest?: ResourceList
  maxLimitRequestRatio?: ResourceList
}

export interface Resources {
  requests: ResourceList
  limits: ResourceList
}

/** Every way in which the resources break the item, by resource name. */
export function brokenConstraints(item: LimitItem, resources: Resources): string[] {
  const each = (list: ResourceList | undefined, check: (name: string, bound: string) => string | undefined) =>
    Object.keys(list ?? {})
      .sort()
      .flatMap((name) => check(name, list![name]!) ?? [])
  return [
    ...each(item.min, (name, bound) => belowMin(item.type, name, bound, resources)),
    ...each(item.max, (name, bound) =>
      item.type === 'PersistentVolumeClaim'
        ? requestAboveMax(item.type, name, bound, resources)
        : aboveMax(item.type, name, bound, resources),
    ),
    ...each(item.maxLimitRequestRatio, (name, bound) => ratioAboveMax(item.type, name, bound, resources)),
  ]
}

function belowMin(type: string, name: string, bound: string, of: Resources): string | undefined {
  const [request, limit] = [of.requests[name], of.limits[name]]
  const rule = `minimum ${name} usage per ${type} is ${bound}`
  if (request === undefined) return `${rule}.  No request is specified`
  if (compareQuantity(request, bound) < 0) return `${rule}, but request is ${request}`
  if (limit !== undefined && compareQuantity(limit, bound) < 0) return `${rule}, but limit is ${limit}`
  return undefined
}

function aboveMax(type: string, name: string, bound: string, of: Resources): string | undefined {
  const [request, limit] = [of.requests[name], of.limits[name]]
  const rule = `maximum ${name} usage per ${type} is ${bound}`
  if (limit === undefined) return `${rule}.  No limit is specified`
  if (compareQuantity(limit, bound) > 0) return `${rule}, but limit is ${limit}`
  if (request !== undefined && compareQuantity(request, bound) > 0)
    return `${rule}, but request is ${request}`
  return undefined
}

function requestAboveMax(type: string, name: string, bound: string, of: Resources): string | undefined {
  const request = of.requests[name]
  const rule = `maximum ${name} usage per ${type} is ${bound}`
  if (request === undefined) return `${rule}.  No request is specified`
  return compareQuantity(request, bound) > 0 ? `${rule}, but request is ${request}` : undefined
}

function ratioAboveMax(type: string, name: string, bound: string, of: Resources): string | undefined {
  const [request, limit] = [of.requests[name], of.limits[name]]
  const rule = `${name} max limit to request ratio per ${type} is ${bound}`
  if (request === undefined || isZeroQuantity(request)) {
    return `${rule}, but no request is specified or request is 0`
  }
  if (limit === undefined || isZeroQuantity(limit)) return `${rule}, but no limit is specified or limit is 0`
  const ratio = quantityMilliValue(limit) / quantityMilliValue(request)
  if (ratio * 1000 <= quantityMilliValue(bound)) return undefined
  return `${rule}, but provided ratio is ${ratio.toFixed(6)}`
}
