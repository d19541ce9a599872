// ResourceList: amounts by resource name, as canonical quantity texts.

import { addQuantity, compareQuantity, isZeroQuantity, subQuantity } from '@brume/base/quantity'

export type ResourceList = Readonly<Record<string, string>>

/** Every resource of either; amounts of both are summed. */
export function addResources(a: ResourceList, b: ResourceList): Record<string, string> {
  const sum: Record<string, string> = { ...a }
  for (const [name, amount] of Object.entries(b)) {
    const own = sum[name]
    sum[name] = own === undefined ? amount : addQuantity(own, amount)
  }
  return sum
}

/** Every resource of either, with the greater amount. */
export function maxResources(a: ResourceList, b: ResourceList): Record<string, string> {
  const max: Record<string, string> = { ...a }
  for (const [name, amount] of Object.entries(b)) {
    const own = max[name]
    if (own === undefined || compareQuantity(amount, own) > 0) max[name] = amount
  }
  return max
}

/** a - b for every resource of either; may be negative. */
export function subtractResources(a: ResourceList, b: ResourceList): Record<string, string> {
  const rest: Record<string, string> = { ...a }
  for (const [name, amount] of Object.entries(b)) rest[name] = subQuantity(rest[name] ?? '0', amount)
  return rest
}

/** What is above zero. */
export function positiveResources(list: ResourceList): Record<string, string> {
  return Object.fromEntries(Object.entries(list).filter(([, amount]) => compareQuantity(amount, '0') > 0))
}

/** Without what is zero. */
export function nonZeroResources(list: ResourceList): Record<string, string> {
  return Object.fromEntries(Object.entries(list).filter(([, amount]) => !isZeroQuantity(amount)))
}

/** Only the resources named. */
export function maskResources(list: ResourceList, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(Object.entries(list).filter(([name]) => names.includes(name)))
}

/** Names in `list` whose amount is above the one in `limit`; what `limit` does not name is not limited. Sorted. */
export function exceededResources(list: ResourceList, limit: ResourceList): string[] {
  return Object.keys(list)
    .filter((name) => limit[name] !== undefined && compareQuantity(list[name]!, limit[name]!) > 0)
    .sort()
}

/** `cpu=1,memory=2Gi`, by name. */
export function formatResources(list: ResourceList): string {
  return Object.keys(list)
    .sort()
    .map((name) => `${name}=${list[name]}`)
    .join(',')
}
