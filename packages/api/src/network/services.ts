// What one Service means for this node. Pure. Source of the rules: Kubernetes' documentation, "Virtual IPs and service
// proxies", "Service internal traffic policy", "Topology aware routing", and KEP-1669 (terminating endpoints).

import { isIP } from 'node:net'
import { type Json, listOf } from '../validate/json.ts'
import { addressAt, disjointRanges, parseIpRange, rangesOverlap } from './ip-range.ts'
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

/** None for headless Services and ExternalName: these are names only. Of one family. */
export function routesOf(
  service: Service,
  slices: readonly EndpointSlice[],
  node: NodeView,
  family: 4 | 6 = 4,
): Route[] {
  const { spec } = service
  if (spec['type'] === 'ExternalName' || spec['clusterIP'] === 'None' || !spec['clusterIP']) return []
  return listOf(spec['ports']).flatMap((port) => {
    const candidates = candidatesOf(slices, port.name ?? '', { node, family })
    const how = { stickySeconds: stickySecondsOf(service), node }
    const inside = behaviourOf(candidates, spec['internalTrafficPolicy'] === 'Local', how)
    const isLocal = spec['externalTrafficPolicy'] === 'Local'
    const outside = behaviourOf(candidates, isLocal, how)
    // API reference, externalTrafficPolicy: callers of the cloud get "Cluster" at such addresses; not at node ports.
    const outer = isLocal ? { inside: behaviourOf(candidates, false, how) } : {}
    const protocol = String(port.protocol ?? 'TCP').toLowerCase() as Frontend['protocol']
    const at = (ip: string | undefined, number: number, behaviour: Behaviour): Route => ({
      frontend: { ip, protocol, port: number },
      behaviour,
    })
    const own: string[] = addressesOf(family, spec['clusterIPs'] ?? [spec['clusterIP']])
    const isReached = own.length > 0
    const isServed = (ip: string) => whyNotServed(ip, port, node) === undefined
    const balancers = balancerAddresses(service, family).filter(isServed)
    return [
      ...own.map((ip) => at(ip, port.port, inside)),
      ...externalIps(service, family)
        .filter(isServed)
        .filter((ip) => !balancers.includes(ip))
        .map((ip) => ({ ...at(ip, port.port, outside), ...outer })),
      ...balancers.map((ip) => ({
        ...at(ip, port.port, outside),
        ...outer,
        ...limitOf(service, ip, { node, family }),
      })),
      ...(isReached && port.nodePort ? [at(undefined, port.nodePort, outside)] : []),
    ]
  })
}

function stickySecondsOf({ spec }: Service): number | undefined {
  if (spec['sessionAffinity'] !== 'ClientIP') return undefined
  return spec['sessionAffinityConfig']?.clientIP?.timeoutSeconds ?? STICKY_SECONDS
}

function balancerAddresses({ status }: Service, family: 4 | 6): string[] {
  const ingress = listOf(status?.['loadBalancer']?.ingress).filter(({ ipMode }) => ipMode !== 'Proxy')
  return addressesOf(
    family,
    ingress.map(({ ip }) => ip),
  )
}

function externalIps({ spec }: Service, family: 4 | 6): string[] {
  return addressesOf(family, listOf(spec['externalIPs']))
}

/** As nft writes them; what the API takes and nobody else, such as 010.0.0.1, is left out. */
function addressesOf(family: 4 | 6, given: readonly unknown[]): string[] {
  return given.flatMap((ip) => {
    if (typeof ip !== 'string' || isIP(ip) !== family) return []
    const parsed = parseIpRange(ip)
    return parsed === undefined ? [] : [addressAt(parsed, 0)]
  })
}

/** Which addresses of the Service from outside lead nowhere, in sentences: no condition of a Service has a place for it. */
export function unservedAddresses(service: Service, node: NodeView, family: 4 | 6 = 4): string[] {
  const { spec } = service
  if (spec['type'] === 'ExternalName') return []
  return [...externalIps(service, family), ...balancerAddresses(service, family)].flatMap((ip) => {
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
function limitOf(
  { spec }: Service,
  ip: string,
  { node: { address }, family }: { node: NodeView; family: 4 | 6 },
): Pick<Route, 'sources'> {
  const given: unknown[] = listOf(spec['loadBalancerSourceRanges'])
  if (given.length === 0) return {}
  const sources = disjointRanges(
    family,
    given.map((range) => String(range).trim()),
  )
  const ranges = sources.flatMap((range) => parseIpRange(range) ?? [])
  const own = address === undefined ? undefined : parseIpRange(address)
  const isNodeIn = own !== undefined && ranges.some((range) => rangesOverlap(range, own))
  // The node that has the address as its own asks under that very address.
  return { sources: isNodeIn ? disjointRanges(family, [...sources, ip]) : sources }
}

function candidatesOf(
  slices: readonly EndpointSlice[],
  portName: string,
  { node, family }: { node: NodeView; family: 4 | 6 },
): Candidate[] {
  const byAddress = new Map<string, Candidate>()
  for (const slice of slices) {
    if (slice['addressType'] !== `IPv${family}`) continue
    const port = listOf(slice['ports']).find((one) => (one.name ?? '') === portName)?.port
    if (port === undefined) continue
    for (const endpoint of listOf(slice['endpoints'])) {
      const candidate = candidateOf(endpoint, port, { node, family })
      // An endpoint that moves between slices is in both for a moment.
      if (candidate !== undefined) byAddress.set(`${candidate.ip}:${port}`, candidate)
    }
  }
  return [...byAddress.values()].sort((a, b) => (a.ip < b.ip ? -1 : a.ip > b.ip ? 1 : a.port - b.port))
}

function candidateOf(
  endpoint: Json,
  port: number,
  { node, family }: { node: NodeView; family: 4 | 6 },
): Candidate | undefined {
  const { addresses, conditions = {}, nodeName, hints } = endpoint
  const ready = conditions.ready !== false
  const leaving = conditions.serving === true && conditions.terminating === true
  if (!ready && !leaving) return undefined
  const zones = listOf(hints?.forZones).map(({ name }) => name)
  const [ip] = addressesOf(family, listOf(addresses))
  if (ip === undefined) return undefined
  return { ip, port, ready, leaving, local: nodeName === node.name, zones }
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
