// Which address of the pool a Service of type LoadBalancer has, and which node answers for it on the LAN. Pure.

import { ANNOUNCED_BY, WANTED_ADDRESS } from '@brume/api/network'
import type { KubeObject } from '@brume/api/object'
import type { Plan } from '@brume/client/controller'
import { freeAddress, isInPool, type Span } from './pool.ts'

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
  | { type: 'set'; service: KubeObject; ip: string | undefined; condition: Verdict }
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

export function addressOf({ status }: KubeObject): string | undefined {
  return status?.['loadBalancer']?.ingress?.[0]?.ip
}

export function decideBalancer({ service, pool, taken, nodes }: ObservedBalancer): Plan<BalancerAction> {
  const by = service.metadata.annotations?.[ANNOUNCED_BY]
  if (!isOurs(service))
    return { actions: by === undefined ? [] : [{ type: 'announce', service, node: undefined }] }
  // Without a pool, an address is somebody else's doing (a load balancer of the site's own), and stays.
  if (pool === undefined && by === undefined && addressOf(service) !== undefined) return { actions: [] }
  const { ip, verdict } = choose({ service, pool, taken, nodes })
  const actions: BalancerAction[] = []
  const known = service.status?.['conditions']?.find(({ type }: { type: string }) => type === CONDITION)
  const said = known?.reason === verdict.reason && known?.message === verdict.message
  if (ip !== addressOf(service) || !said) {
    actions.push({ type: 'set', service, ip, condition: verdict })
    const { reason, message, status } = verdict
    actions.push({ type: 'say', service, reason, message, isWarning: status === 'False' })
  }
  const node = ip === undefined ? undefined : chooseNode(by, nodes, ip)
  if (node !== by) {
    actions.push({ type: 'announce', service, node })
    if (node !== undefined) {
      const message = `${node} answers for ${ip}${by === undefined ? '' : ` in the place of ${by}`}`
      actions.push({ type: 'say', service, reason: 'AddressAnnounced', message, isWarning: false })
    }
  }
  return verdict.status === 'True' ? { actions } : { actions, requeueAfterMs: RETRY_MS }
}

function choose({ service, pool, taken }: ObservedBalancer): { ip: string | undefined; verdict: Verdict } {
  const no = (reason: string, message: string) => ({
    ip: undefined,
    verdict: { status: 'False' as const, reason, message },
  })
  const families: string[] = service.spec?.['ipFamilies'] ?? []
  if (families.length > 0 && !families.includes('IPv4')) {
    return no(
      'AddressFamilyNotServed',
      'addresses of the pool are of IPv4, and spec.ipFamilies has IPv6 alone; make the Service anew with IPv4 first',
    )
  }
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
  const yes = (ip: string) => ({
    ip,
    verdict: { status: 'True' as const, reason: 'AddressAllocated', message: `${ip} of the pool` },
  })
  const wanted = service.metadata.annotations?.[WANTED_ADDRESS] ?? service.spec?.['loadBalancerIP']
  if (wanted !== undefined && wanted !== '') {
    if (!isInPool(pool, wanted)) return no('AddressNotInPool', `${wanted} is not in the pool`)
    const owner = taken.get(wanted)
    return owner === undefined ? yes(wanted) : no('AddressTaken', `${wanted} belongs to Service ${owner}`)
  }
  const has = addressOf(service)
  if (has !== undefined && isInPool(pool, has) && !taken.has(has)) return yes(has)
  const free = freeAddress(pool, new Set(taken.keys()))
  return free === undefined
    ? no(
        'AddressPoolExhausted',
        'all addresses of the pool are taken; make it larger: kubectl edit configmap load-balancer-addresses -n kube-system',
      )
    : yes(free)
}

/** It stays where it is while that answers; new ones are spread. */
function chooseNode(by: string | undefined, nodes: readonly string[], ip: string): string | undefined {
  if (by !== undefined && nodes.includes(by)) return by
  const last = Number(ip.split('.').at(-1))
  return nodes[last % nodes.length]
}
