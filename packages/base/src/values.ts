// Copying, comparing and freezing of plain JSON values (bigint included). Hand-written because structuredClone costs
// four times as much on an API object.

/** target[key] = value, also for `__proto__`, where a plain assignment would set the prototype instead. */
export function setOwn(target: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__') {
    Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true })
  } else {
    target[key] = value
  }
}

/** A copy that shares nothing with `value`. Plain objects, arrays and scalars only; cycles are not supported. */
export function deepClone<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) {
    const length = value.length
    const copy = new Array(length)
    for (let i = 0; i < length; i++) copy[i] = deepClone(value[i])
    return copy as T
  }
  const source = value as Record<string, unknown>
  const copy: Record<string, unknown> = {}
  for (const key in source) {
    const child = source[key]
    if (key === '__proto__') setOwn(copy, key, deepClone(child))
    else copy[key] = typeof child === 'object' ? deepClone(child) : child
  }
  return copy as T
}

/** Freezes `value` and everything in it; returns it. What is frozen already is not entered again. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  Object.freeze(value)
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      const item = value[i]
      if (typeof item === 'object') deepFreeze(item)
    }
  } else {
    for (const key in value) {
      const child = value[key]
      if (typeof child === 'object') deepFreeze(child)
    }
  }
  return value
}

/**
 * What equals `value`, frozen, with all that equals the same part of `model` (frozen too) taken from there: of many alike
 * the memory holds their common parts once. `model` itself when both are equal.
 */
export function shareParts<T>(value: T, model: unknown): T {
  if (typeof value !== 'object' || value === null) return value === model ? (model as T) : value
  if (value === model || typeof model !== 'object' || model === null) return deepFreeze(value)
  if (Array.isArray(value)) return (Array.isArray(model) ? shareItems(value, model) : deepFreeze(value)) as T
  if (Array.isArray(model)) return deepFreeze(value)
  return shareMembers(value as Record<string, unknown>, model as Record<string, unknown>) as T
}

function shareItems(value: readonly unknown[], model: readonly unknown[]): readonly unknown[] {
  const { length } = value
  const shared = new Array<unknown>(length)
  let isSame = length === model.length
  for (let i = 0; i < length; i++) {
    const part = shareParts(value[i], model[i])
    shared[i] = part
    if (part !== model[i]) isSame = false
  }
  return isSame ? model : Object.freeze(shared)
}

function shareMembers(
  value: Readonly<Record<string, unknown>>,
  model: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  let members = 0
  let isSame = true
  for (const key in value) {
    members++
    // What every object inherits is a function, and equals nothing; but for this.
    if (key === '__proto__') return deepFreeze(value)
    const child = value[key]
    const other = model[key]
    if (child === other) continue
    isSame = false
    if (typeof child === 'object' && child !== null) break
  }
  if (isSame) {
    for (const _ in model) members--
    if (members === 0) return model
  }
  const shared: Record<string, unknown> = {}
  isSame = true
  members = 0
  for (const key in value) {
    const child = value[key]
    const other = model[key]
    const part = child === other ? other : shareParts(child, other)
    if (part !== other) isSame = false
    shared[key] = part
    members++
  }
  if (isSame) {
    for (const _ in model) members--
    if (members === 0) return model
  }
  return Object.freeze(shared)
}

/** Equal as JSON: order of keys does not matter, undefined properties count as absent. */
export function deepEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) {
    return typeof a === 'number' && typeof b === 'number' && Number.isNaN(a) && Number.isNaN(b)
  }
  if (Array.isArray(a)) return Array.isArray(b) && equalArrays(a, b)
  if (Array.isArray(b)) return false
  return equalObjects(a as Record<string, unknown>, b as Record<string, unknown>)
}

function equalArrays(a: unknown[], b: unknown[]): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (!deepEqual(a[i], b[i])) return false
  return true
}

function equalObjects(a: Record<string, unknown>, b: Record<string, unknown>): boolean {
  let present = 0
  for (const key in a) {
    const left = a[key]
    if (left === undefined) continue
    if (!Object.hasOwn(b, key) || !deepEqual(left, b[key])) return false
    present++
  }
  for (const key in b) if (b[key] !== undefined) present--
  return present === 0
}
