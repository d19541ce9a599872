// What has to be written so that the API's status says what the agent knows: a strategic merge patch of the difference.
// Conditions belong to many, so only the agent's own are compared and written. Pure.

import type { Condition } from './conditions.ts'

type Status = Record<string, unknown>

/** Lists that the API server merges by their key: an address that holds no longer would stay beside the new one. */
const REPLACED = new Set(['podIPs', 'hostIPs'])

/** undefined: the API says all of it already. A field that `next` does not have is left alone. */
export function statusPatch(current: Status, next: Status): Status | undefined {
  const patch: Status = {}
  for (const [field, value] of Object.entries(next)) {
    if (field === 'conditions') {
      const changed = changedConditions((current[field] ?? []) as Condition[], value as Condition[])
      if (changed.length > 0) patch[field] = changed
    } else if (!same(current[field], value)) {
      patch[field] = REPLACED.has(field) ? [{ $patch: 'replace' }, ...(value as unknown[])] : value
    }
  }
  return Object.keys(patch).length === 0 ? undefined : patch
}

/** A reason or message that holds no longer is taken away by name. */
function changedConditions(current: readonly Condition[], next: readonly Condition[]): Condition[] {
  return next.flatMap((condition) => {
    const before = current.find(({ type }) => type === condition.type)
    if (same(before, condition)) return []
    const leftovers = Object.keys(before ?? {}).filter((field) => !(field in condition))
    return [{ ...Object.fromEntries(leftovers.map((field) => [field, null])), ...condition }]
  })
}

/** null, an empty object and an absent field say the same, as they do after a round trip through the API server. */
function same(a: unknown, b: unknown): boolean {
  if (a === b || (isEmpty(a) && isEmpty(b))) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a) !== Array.isArray(b)) return false
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, i) => same(item, b[i]))
  }
  const [left, right] = [a as Status, b as Status]
  const names = new Set([...Object.keys(left), ...Object.keys(right)])
  return [...names].every((name) => same(left[name], right[name]))
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return true
  return typeof value === 'object' && Object.keys(value).length === 0
}
