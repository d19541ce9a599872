// Which names two hostnames have in common: '' is every name, `*.` at least one label before the rest. Source: the
// Gateway API's reference, "Hostname".

/** undefined: none. Otherwise the narrower of the two. */
export function intersect(a: string, b: string): string | undefined {
  if (covers(a, b)) return b
  if (covers(b, a)) return a
  return undefined
}

/** Whether every name of `narrow` is one of `wide`. */
export function covers(wide: string, narrow: string): boolean {
  if (wide === '' || wide === narrow) return true
  return wide.startsWith('*.') && narrow !== '' && narrow.endsWith(wide.slice(1))
}

/** The names of a route that a listener serves. A route without names has the listener's. */
export function servedNames(route: readonly string[], listener: string): string[] {
  if (route.length === 0) return [listener]
  const names = route.map((name) => intersect(name.toLowerCase(), listener))
  return [...new Set(names.filter((name) => name !== undefined))]
}
