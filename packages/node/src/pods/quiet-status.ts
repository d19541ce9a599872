// Whether a status says nothing that the API does not have already: then it is not written. Pure.

/** Every field of `next` is in `current` with the same value; fields of others are not looked at. */
export function quietStatus(current: Record<string, unknown>, next: Record<string, unknown>): boolean {
  return Object.entries(next).every(([field, value]) => same(current[field], value))
}

/** null, an empty object and an absent field say the same, as they do after Kubernetes' round trip. */
function same(a: unknown, b: unknown): boolean {
  if (a === b || (isEmpty(a) && isEmpty(b))) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a) !== Array.isArray(b)) return false
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, i) => same(item, b[i]))
  }
  const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>]
  const names = new Set([...Object.keys(left), ...Object.keys(right)])
  return [...names].every((name) => same(left[name], right[name]))
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return true
  return typeof value === 'object' && Object.keys(value).length === 0
}
