// What was found, as statuses of the objects: only of those that say something else, and never what others have said.

import type { KubeObject } from '@brume/api/object'
import { listOf } from '@brume/api/validate/json'
import { deepEqual } from '@brume/base/values'
import type { Outcome } from '../source.ts'
import { CONTROLLER_NAME, GROUP } from './kinds.ts'
import type { TranslatedPolicy } from './translate/backend-tls.ts'
import { conditionsBesideOthers, conditionsOf } from './translate/condition.ts'
import { gatewayFindings } from './translate/gateway-status.ts'
import type { TranslatedGateway, TranslatedRoute } from './translate/observed.ts'
import { routeFindings } from './translate/route-status.ts'

/** The API's bound. */
const MAX_ANCESTORS = 16

export interface StatusChange {
  object: KubeObject
  /** Fields of the status. */
  status: Readonly<Record<string, unknown>>
}

/** undefined: it says so already. */
export function gatewayChange(
  translated: TranslatedGateway,
  { outcome, now }: { outcome: Pick<Outcome, 'addresses' | 'ports'>; now: number },
): StatusChange | undefined {
  const { gateway } = translated
  const { findings, addresses, listeners } = gatewayFindings(translated, outcome)
  const generation = gateway.metadata.generation
  const told = gateway['status'] ?? {}
  const status = {
    addresses,
    conditions: conditionsBesideOthers(findings, { before: listOf(told.conditions), generation, now }),
    listeners: listeners.map(({ findings: own, ...rest }) => {
      const before = listOf(told.listeners).find(({ name }) => name === rest.name)
      return {
        ...rest,
        conditions: conditionsOf(own, { before: listOf(before?.conditions), generation, now }),
      }
    }),
  }
  return changeOf(gateway, status)
}

/**
 * `translated` is undefined where none of the route's parents is ours (any more). `left`: rules that are not served in the
 * end, by id.
 */
export function routeChange(
  route: KubeObject,
  translated: TranslatedRoute | undefined,
  { left, now }: { left: Outcome['rules']; now: number },
): StatusChange | undefined {
  const told = listOf(route['status']?.parents)
  const others = told.filter(({ controllerName }) => controllerName !== CONTROLLER_NAME)
  const content = translated === undefined ? undefined : withLeft(translated, left)
  const ours = (translated?.parents ?? []).map(({ parentRef, refusal }) => {
    const known = told.find(
      (one) => one.controllerName === CONTROLLER_NAME && deepEqual(one.parentRef, parentRef),
    )
    const before = { before: listOf(known?.conditions), generation: route.metadata.generation, now }
    return {
      parentRef,
      controllerName: CONTROLLER_NAME,
      conditions: conditionsOf(routeFindings(refusal, content!), before),
    }
  })
  if (told.length === 0 && ours.length === 0) return undefined
  return changeOf(route, { parents: [...others, ...ours] })
}

/** What it says of each Gateway of ours through which it is used. */
export function policyChange(
  { policy, findings, gateways }: TranslatedPolicy,
  now: number,
): StatusChange | undefined {
  const told = listOf(policy['status']?.ancestors)
  const others = told.filter(({ controllerName }) => controllerName !== CONTROLLER_NAME)
  const room = Math.max(0, MAX_ANCESTORS - others.length)
  const ours = [...gateways]
    .sort()
    .slice(0, room)
    .map((key) => {
      const [namespace, name] = key.split('/')
      const ancestorRef = { group: GROUP, kind: 'Gateway', namespace, name }
      const known = told.find(
        (one) => one.controllerName === CONTROLLER_NAME && deepEqual(one.ancestorRef, ancestorRef),
      )
      const before = { before: listOf(known?.conditions), generation: policy.metadata.generation, now }
      return { ancestorRef, controllerName: CONTROLLER_NAME, conditions: conditionsOf(findings, before) }
    })
  if (told.length === 0 && ours.length === 0) return undefined
  return changeOf(policy, { ancestors: [...others, ...ours] })
}

/** With what was left out in the end: streams because an older one has their place, rules because they were not taken. */
function withLeft({ route, content }: TranslatedRoute, left: Outcome['rules']): TranslatedRoute['content'] {
  const { namespace, name } = route.metadata
  const mine = `${route.kind.toLowerCase()}/${namespace}/${name}/`
  const more = new Set<string>()
  for (const [id, message] of left) {
    if (!id.startsWith(mine)) continue
    const [index] = id.slice(mine.length).split('/')
    more.add(`rules[${index}]: ${message}`)
  }
  if (more.size === 0) return content
  const isStream = route.kind === 'TLSRoute' || route.kind === 'TCPRoute'
  const field = isStream ? 'shadowed' : 'dropped'
  return { ...content, [field]: [...(content[field] ?? []), ...more] }
}

function changeOf(object: KubeObject, status: StatusChange['status']): StatusChange | undefined {
  const told = object['status'] ?? {}
  const isSaid = Object.entries(status).every(([field, value]) => deepEqual(told[field], value))
  return isSaid ? undefined : { object, status }
}
