// Which address of the pool a Service of type LoadBalancer has, and which node answers for it on the LAN. Pure.

import { isIP } from 'node:net'
import { ANNOUNCED_BY, WANTED_ADDRESS } from '@brume/api/network'
import { addressAt, parseIpRange } from '@brume/api/network/ip-range'
import type { KubeObject } from '@brume/api/object'
import { listOf } from '@brume/api/validate/json'
import type { Plan } from '@brume/client/controller'
import { type Family, freeAddress, isInPool, type Span } from './pool.ts'

export interface ObservedBalancer {
  service: KubeObject
  /** A sentence when the pool cannot be read; undefined: there is none. */
  pool: readonly Span[] | string | undefined
  /** Address -> namespace/name of the other Service that has it. */
  taken: ReadonlyMap<string, string>
  /** Names of the nodes that can answer, in a fixed order. */
  nodes: readonly string[]
}

export type BalancerAction =
  | { type: 'set'; service: KubeObject; ips: readonly string[]; condition: Verdict }
  | { type: 'announce'; service: KubeObject; node: string | undefined }
  | { type: 'say'; service: KubeObject; reason: string; message: string; isWarning: boolean }

export interface Verdict {
  status: 'True' | 'False'
  reason: string
  message: string
}

export const CONDITION = 'brume.dev/AddressAllocated'
/** Services of another class are another controller's. */
export const CLASS = 'brume.dev/arp'
const RETRY_MS = 60_000

export function isOurs({ spec, metadata }: KubeObject): boolean {
  const own = spec?.['loadBalancerClass']
  return (
    spec?.['type'] === 'LoadBalancer' &&
    (own === undefined || own === CLASS) &&
    metadata.deletionTimestamp === undefined
  )
}

export function addressesOf({ status }: KubeObject): string[] {
  return listOf(status?.['loadBalancer']?.ingress).flatMap(({ ip }) => (typeof ip === 'string' ? [ip] : []))
}

export function decideBalancer({ service, pool, taken, nodes }: ObservedBalancer): Plan<BalancerAction> {
  const by = service.metadata.annotations?.[ANNOUNCED_BY]
  if (!isOurs(service))
    return { actions: by === undefined ? [] : [{ type: 'announce', service, node: undefined }] }
  // Without a pool, an address is somebody else's doing (a load balancer of the site's own), and stays.
  if (pool === undefined && by === undefined && addressesOf(service).length > 0) return { actions: [] }
  const { ips, verdict } = choose({ service, pool, taken, nodes })
  const actions: BalancerAction[] = []
  const known = service.status?.['conditions']?.find(({ type }: { type: string }) => type === CONDITION)
  const said = known?.reason === verdict.reason && known?.message === verdict.message
  if (ips.join() !== addressesOf(service).join() || !said) {
    actions.push({ type: 'set', service, ips, condition: verdict })
    const { reason, message, status } = verdict
    actions.push({ type: 'say', service, reason, message, isWarning: status === 'False' })
  }
  const node = ips[0] === undefined ? undefined : chooseNode(by, nodes, ips[0])
  if (node !== by) {
    actions.push({ type: 'announce', service, node })
    if (node !== undefined) {
      const message = `${node} answers for ${ips.join(' and ')}${by === undefined ? '' : ` in the place of ${by}`}`
      actions.push({ type: 'say', service, reason: 'AddressAnnounced', message, isWarning: false })
    }
  }
  return verdict.status === 'True' ? { actions } : { actions, requeueAfterMs: RETRY_MS }
}

type Chosen = { ip: string } | { reason: string; message: string }

/** One of each family of the Service that the pool has; what is missing of one does not keep it from the other. */
function choose(observed: ObservedBalancer): { ips: string[]; verdict: Verdict } {
  const { service, pool } = observed
  const no = (reason: string, message: string) => ({
    ips: [],
    verdict: { status: 'False' as const, reason, message },
  })
  if (pool === undefined) {
    return no(
      'NoAddressPool',
      'there is no pool of addresses; make one: kubectl create configmap load-balancer-addresses -n kube-system --from-literal=addresses=FIRST-LAST',
    )
  }
  if (typeof pool === 'string')
    return no(
      'BrokenAddressPool',
      `${pool}; correct it: kubectl edit configmap load-balancer-addresses -n kube-system`,
    )
  const given = listOf(service.spec?.['ipFamilies'])
  const families = given.length === 0 ? [4 as const] : given.map((one) => (String(one) === 'IPv6' ? 6 : 4))
  const stray = wantedOf(service).find((ip) => isIP(ip) !== 0 && !families.includes(isIP(ip) as Family))
  if (stray !== undefined)
    return no('AddressNotInPool', `${stray} is of a family that spec.ipFamilies of the Service does not have`)
  const served = families.filter((family) => pool.some((span) => span.family === family))
  const missing = families.filter((family) => !served.includes(family)).map((family) => `IPv${family}`)
  if (served.length === 0) {
    const has = missing.join(' or ')
    return no(
      'AddressFamilyNotServed',
      `the pool has no address of ${has}, and spec.ipFamilies has no other; add some: kubectl edit configmap load-balancer-addresses -n kube-system`,
    )
  }
  const chosen = served.map((family) => chooseOf(family, { ...observed, pool }))
  const ips = chosen.flatMap((one) => ('ip' in one ? [one.ip] : []))
  const problem = chosen.find((one) => 'reason' in one)
  if (problem !== undefined) return { ips, verdict: { status: 'False', ...problem } }
  const rest = missing.length === 0 ? '' : `, which has none of ${missing.join(' or ')}`
  const message = `${ips.join(' and ')} of the pool${rest}`
  return { ips, verdict: { status: 'True', reason: 'AddressAllocated', message } }
}

function chooseOf(
  family: Family,
  { service, pool, taken }: ObservedBalancer & { pool: readonly Span[] },
): Chosen {
  const named = wantedOf(service)
  // What is no address at all is said of each.
  const wanted = named.find((ip) => isIP(ip) === family) ?? named.find((ip) => isIP(ip) === 0)
  if (wanted !== undefined) {
    if (!isInPool(pool, wanted))
      return { reason: 'AddressNotInPool', message: `${wanted} is not in the pool` }
    const owner = taken.get(wanted)
    return owner === undefined
      ? { ip: wanted }
      : { reason: 'AddressTaken', message: `${wanted} belongs to Service ${owner}` }
  }
  const has = addressesOf(service).find((ip) => isIP(ip) === family)
  if (has !== undefined && isInPool(pool, has) && !taken.has(has)) return { ip: has }
  const ip = freeAddress(pool, new Set(taken.keys()), family)
  if (ip !== undefined) return { ip }
  const all = pool.some((span) => span.family !== family) ? `all addresses of IPv${family}` : 'all addresses'
  return {
    reason: 'AddressPoolExhausted',
    message: `${all} of the pool are taken; make it larger: kubectl edit configmap load-balancer-addresses -n kube-system`,
  }
}

/** One address, or one of each family with a comma. */
function wantedOf({ metadata, spec }: KubeObject): string[] {
  const text = metadata.annotations?.[WANTED_ADDRESS] ?? spec?.['loadBalancerIP'] ?? ''
  const all = String(text)
    .split(/[\s,]+/)
    .filter((one) => one !== '')
  // As they are written when they are given.
  return all.map((ip) => (isIP(ip) === 0 ? ip : addressAt(parseIpRange(ip)!, 0)))
}

/** It stays where it is while that answers; new ones are spread. */
function chooseNode(by: string | undefined, nodes: readonly string[], ip: string): string | undefined {
  if (by !== undefined && nodes.includes(by)) return by
  const last = Number((parseIpRange(ip)?.first ?? 0n) & 0xffn)
  return nodes[last % nodes.length]
}
