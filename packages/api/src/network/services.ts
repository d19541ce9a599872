// What one Service means for this node. Pure. Source of the rules: Kubernetes' documentation, "Virtual IPs and service
// proxies", "Service internal traffic policy", "Topology aware routing", and KEP-1669 (terminating endpoints).

import { isIPv4 } from 'node:net'
import { type Json, listOf } from '../validate/json.ts'
import { disjointRanges, parseIpRange, rangesOverlap } from './ip-range.ts'
import type {
  Backend,
  Behaviour,
  EndpointSlice,
  Frontend,
  NodeView,
  Route,
  Service,
} from './service-model.ts'

/** Of an object from before the API server's defaults: three hours. */
const STICKY_SECONDS = 10_800

interface Candidate extends Backend {
  ready: boolean
  /** Still answers, although it is going. */
  leaving: boolean
  local: boolean
  /** Zones that it is meant for; none: for all. */
  zones: readonly string[]
}

/** None for headless Services and ExternalName: these are names only. IPv4. */
export function routesOf(service: Service, slices: readonly EndpointSlice[], node: NodeView): Route[] {
  const { spec } = service
  if (spec['type'] === 'ExternalName' || spec['clusterIP'] === 'None' || !spec['clusterIP']) return []
  return listOf(spec['ports']).flatMap((port) => {
    const candidates = candidatesOf(slices, port.name ?? '', node)
    const how = { stickySeconds: stickySecondsOf(service), node }
    const inside = behaviourOf(candidates, spec['internalTrafficPolicy'] === 'Local', how)
    const outside = behaviourOf(candidates, spec['externalTrafficPolicy'] === 'Local', how)
    const protocol = String(port.protocol ?? 'TCP').toLowerCase() as Frontend['protocol']
    const at = (ip: string | undefined, number: number, behaviour: Behaviour): Route => ({
      frontend: { ip, protocol, port: number },
      behaviour,
    })
    const own: string[] = spec['clusterIPs'] ?? [spec['clusterIP']]
    const isServed = (ip: string) => whyNotServed(ip, port, node) === undefined
    const balancers = balancerAddresses(service).filter(isServed)
    return [
      ...own.filter(isIPv4).map((ip) => at(ip, port.port, inside)),
      ...externalIps(service)
        .filter(isServed)
        .filter((ip) => !balancers.includes(ip))
        .map((ip) => at(ip, port.port, outside)),
      ...balancers.map((ip) => ({ ...at(ip, port.port, outside), ...limitOf(service, ip, node) })),
      ...(port.nodePort === undefined || port.nodePort === 0 ? [] : [at(undefined, port.nodePort, outside)]),
    ]
  })
}

function stickySecondsOf({ spec }: Service): number | undefined {
  if (spec['sessionAffinity'] !== 'ClientIP') return undefined
  return spec['sessionAffinityConfig']?.clientIP?.timeoutSeconds ?? STICKY_SECONDS
}

function balancerAddresses({ status }: Service): string[] {
  return listOf(status?.['loadBalancer']?.ingress)
    .filter(({ ipMode }) => ipMode !== 'Proxy')
    .map(({ ip }) => ip)
    .filter(isIPv4Text)
}

function externalIps({ spec }: Service): string[] {
  return (listOf(spec['externalIPs']) as unknown[]).filter(isIPv4Text)
}

function isIPv4Text(ip: unknown): ip is string {
  return typeof ip === 'string' && isIPv4(ip)
}

/** Which addresses of the Service from outside lead nowhere, in sentences: no condition of a Service has a place for it. */
export function unservedAddresses(service: Service, node: NodeView): string[] {
  const { spec } = service
  if (spec['type'] === 'ExternalName') return []
  return [...externalIps(service), ...balancerAddresses(service)].flatMap((ip) => {
    const reasons = listOf(spec['ports']).map((port) => whyNotServed(ip, port, node))
    return [...new Set(reasons.filter((reason) => reason !== undefined))].map(
      (reason) => `the Service is not reached at ${ip}: ${reason}`,
    )
  })
}

/** Who could lead such an address to a pod would hear what is meant for others. */
function whyNotServed(ip: string, port: Json, { reserved = [], own }: NodeView): string | undefined {
  const address = parseIpRange(ip)
  const range = reserved.find((text) => {
    const parsed = parseIpRange(text)
    return address !== undefined && parsed !== undefined && rangesOverlap(parsed, address)
  })
  if (range !== undefined) return `it belongs to the cloud's own range ${range}`
  const isOwn = own?.addresses.includes(ip) === true && own.ports.includes(port.port)
  if (isOwn && (port.protocol ?? 'TCP') === 'TCP')
    return `port ${port.port} of that address is a node's own; use another port or another address`
  return undefined
}

/** Who may ask at an address of a load balancer; as in kube-proxy, nothing limits who asks at others. */
function limitOf({ spec }: Service, ip: string, { address }: NodeView): Pick<Route, 'sources'> {
  const given: unknown[] = listOf(spec['loadBalancerSourceRanges'])
  if (given.length === 0) return {}
  const sources = disjointRanges(
    4,
    given.map((range) => String(range).trim()),
  )
  const ranges = sources.flatMap((range) => parseIpRange(range) ?? [])
  const own = address === undefined ? undefined : parseIpRange(address)
  const isNodeIn = own !== undefined && ranges.some((range) => rangesOverlap(range, own))
  // The node that has the address as its own asks under that very address.
  return { sources: isNodeIn ? disjointRanges(4, [...sources, ip]) : sources }
}

function candidatesOf(slices: readonly EndpointSlice[], portName: string, node: NodeView): Candidate[] {
  const byAddress = new Map<string, Candidate>()
  for (const slice of slices) {
    if (slice['addressType'] !== 'IPv4') continue
    const port = listOf(slice['ports']).find((one) => (one.name ?? '') === portName)?.port
    if (port === undefined) continue
    for (const endpoint of listOf(slice['endpoints'])) {
      const candidate = candidateOf(endpoint, port, node)
      // An endpoint that moves between slices is in both for a moment.
      if (candidate !== undefined) byAddress.set(`${candidate.ip}:${port}`, candidate)
    }
  }
  return [...byAddress.values()].sort((a, b) => (a.ip < b.ip ? -1 : a.ip > b.ip ? 1 : a.port - b.port))
}

function candidateOf(endpoint: Json, port: number, node: NodeView): Candidate | undefined {
  const { addresses, conditions = {}, nodeName, hints } = endpoint
  const ready = conditions.ready !== false
  const leaving = conditions.serving === true && conditions.terminating === true
  if (!ready && !leaving) return undefined
  const zones = listOf(hints?.forZones).map(({ name }) => name)
  return { ip: addresses[0], port, ready, leaving, local: nodeName === node.name, zones }
}

function behaviourOf(
  candidates: readonly Candidate[],
  localOnly: boolean,
  { stickySeconds, node }: { stickySeconds: number | undefined; node: NodeView },
): Behaviour {
  const usable = serving(localOnly ? candidates : nearest(candidates, node))
  if (usable.length === 0) return { type: 'refuse' }
  const chosen = localOnly ? serving(candidates.filter(({ local }) => local)) : usable
  if (chosen.length === 0) return { type: 'drop' }
  const backends = chosen.map(({ ip, port }) => ({ ip, port }))
  return { type: 'forward', backends, ...(stickySeconds === undefined ? {} : { stickySeconds }) }
}

/** Those that are ready; if none is, those that still answer. */
function serving(candidates: readonly Candidate[]): Candidate[] {
  const ready = candidates.filter((candidate) => candidate.ready)
  return ready.length > 0 ? ready : candidates.filter(({ leaving }) => leaving)
}

/** Hints count only where every ready endpoint has one and the node's zone gets any. */
function nearest(candidates: readonly Candidate[], { zone }: NodeView): readonly Candidate[] {
  const ready = candidates.filter((candidate) => candidate.ready)
  if (zone === undefined || ready.some(({ zones }) => zones.length === 0)) return candidates
  const near = candidates.filter(({ zones }) => zones.includes(zone))
  return near.some((candidate) => candidate.ready) ? near : candidates
}
