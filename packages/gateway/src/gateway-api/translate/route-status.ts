// What a route's status says of each of its Gateways. Source: the Gateway API's reference, "RouteParentStatus".

import { type Finding, no, yes } from './condition.ts'
import type { RouteContent } from './observed.ts'

export function routeFindings(
  refusal: Finding | undefined,
  { dropped, shadowed = [], rules, broken }: RouteContent,
): Finding[] {
  const resolved = broken ?? yes('ResolvedRefs', 'ResolvedRefs', 'all references are good')
  if (refusal !== undefined) return [refusal, resolved]
  if (isRefusedAsAWhole({ dropped, rules }))
    return [no('Accepted', 'UnsupportedValue', dropped.join('; ')), resolved]
  const accepted = yes('Accepted', 'Accepted', 'the route is served')
  const without = [...dropped, ...shadowed]
  if (without.length === 0) return [accepted, resolved]
  const message = `Dropped Rule(s): ${without.join('; ')}`
  return [accepted, resolved, yes('PartiallyInvalid', 'UnsupportedValue', message)]
}

/** Nothing of it can be served. */
export function isRefusedAsAWhole({ dropped, rules }: Pick<RouteContent, 'dropped' | 'rules'>): boolean {
  return rules > 0 && dropped.length >= rules
}
