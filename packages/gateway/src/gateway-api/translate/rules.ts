// A route's rules as routes of the edge: every rule for every name and match. A rule that cannot be served as a whole is
// answered with an error, and never served in part.

import type { KubeObject } from '@brume/api/object'
import { type Json, listOf } from '@brume/api/validate/json'
import { type HttpRoute, PLAIN_RULE, type Rule, type Target } from '../../model.ts'
import { ageOf } from '../../source.ts'
import type { Place } from './attachment.ts'
import { type BackendParts, targetsOf } from './backends.ts'
import type { Finding } from './condition.ts'
import { backendFilters, filtersOf, keepsPort, replacesPrefix } from './filters.ts'
import { type Match, Unsupported } from './http-matches.ts'

export interface RuleKind {
  /** Of ids: `httproute`. */
  prefix: string
  /** Throws Unsupported. */
  matchesOf(rule: Json): Match[]
  /** What else a rule can have. Throws Unsupported. */
  limitsOf(rule: Json): Pick<Rule, 'timeoutMs' | 'retries'>
}

export interface Translated {
  routes: HttpRoute[]
  /** One sentence for each rule that is not served. */
  dropped: string[]
  rules: number
  /** About references to backends. */
  broken: Finding | undefined
}

/** Widths of the numbers in `order`, which sorts as text. */
const DIGITS = 3

export function rulesOf(
  route: KubeObject,
  places: readonly Place[],
  { prefix, matchesOf, limitsOf, ...parts }: RuleKind & BackendParts,
): Translated {
  const rules = listOf(route['spec'].rules)
  const found: Translated = { routes: [], dropped: [], rules: rules.length, broken: undefined }
  const { namespace, name } = route.metadata
  for (const [i, rule] of rules.entries()) {
    const id = `${prefix}/${namespace}/${name}/${i}`
    const order = `${ageOf(route)} ${digits(i)}`
    const { targets, broken } = targetsOf(route, rule.backendRefs, parts)
    found.broken ??= broken
    try {
      const matches = matchesOf(rule)
      const served = { id, rule, matches, targets, order, places }
      try {
        // Judged before any is served: a rule is served as a whole or not at all.
        found.routes.push(...routesOf(served, limitsOf(rule)))
      } catch (error) {
        if (!(error instanceof Unsupported)) throw error
        found.dropped.push(`rules[${i}].${error.message}`)
        // Not left to wider rules: what this one was to do would silently not happen.
        found.routes.push(...refusing(served, `rules[${i}].${error.message}`))
      }
    } catch (error) {
      if (!(error instanceof Unsupported)) throw error
      found.dropped.push(`rules[${i}].matches.${error.message}`)
    }
  }
  return found
}

interface Served {
  id: string
  rule: Json
  matches: readonly Match[]
  /** One for each of its references. */
  targets: readonly Target[]
  order: string
  places: readonly Place[]
}

function routesOf(served: Served, limits: Pick<Rule, 'timeoutMs' | 'retries'>): HttpRoute[] {
  const { id, rule, matches } = served
  const refs = listOf(rule.backendRefs)
  const targets = served.targets
    .map((target, i) => ({ ...target, ...backendFilters(refs[i]) }))
    .filter(({ weight }) => weight > 0)
  if (rule.sessionPersistence !== undefined)
    throw new Unsupported('sessionPersistence: not served; remove it')
  // Also where no listener is served yet: what is wrong is told at once.
  for (const match of matches) filtersOf(rule, { match, port: 0 })
  const apart = keepsPort(rule)
  const made = new Map<string, Rule>()
  return waysIn(served, apart, (match, at, port) => {
    const own = `${id}${replacesPrefix(rule) ? `/${at}` : ''}${apart ? `/port-${port}` : ''}`
    const result = made.get(own) ?? {
      ...PLAIN_RULE,
      id: own,
      targets,
      ...filtersOf(rule, { match, port }),
      ...limits,
    }
    made.set(own, result)
    return result
  })
}

/** The rule's requests get an error that says why. */
function refusing(served: Served, problem: string): HttpRoute[] {
  const backend = { namespace: '', service: '', port: '' }
  const targets: Target[] = [{ backend, weight: 1, protocol: 'http', problem }]
  const rule: Rule = { ...PLAIN_RULE, id: served.id, targets }
  return waysIn(served, false, () => rule)
}

/** Every match at every name. `apart`: and every port by itself. */
function waysIn(
  { matches, order, places }: Served,
  apart: boolean,
  ruleFor: (match: Match, at: number, port: number) => Rule,
): HttpRoute[] {
  return matches.flatMap(({ isLast, ...match }, at) =>
    portsByHost(places, apart).map(({ host, ports }) => ({
      ports,
      host,
      ...match,
      order: `${isLast === true ? '~' : ''}${order} ${digits(at)}`,
      rule: ruleFor(match, at, ports[0]!),
    })),
  )
}

/** `apart`: every port of its own. */
function portsByHost(places: readonly Place[], apart: boolean): { host: string; ports: number[] }[] {
  const found = new Map<string, { host: string; ports: number[] }>()
  for (const { host, listener } of places) {
    const key = apart ? `${host} ${listener.port}` : host
    const entry = found.get(key) ?? { host, ports: [] }
    if (!entry.ports.includes(listener.port)) entry.ports.push(listener.port)
    found.set(key, entry)
  }
  return [...found.values()]
}

function digits(count: number): string {
  return String(count).padStart(DIGITS, '0')
}
