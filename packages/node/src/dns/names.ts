// The names of the cloud, by the specification "Kubernetes DNS-Based Service Discovery" 1.1.0. Pure: what is known of
// Services and their endpoints goes in, what a name means comes out.

import { isIPv4, isIPv6 } from 'node:net'
import type { DnsRecord } from '@brume/api/network/dns-records'
import { addressAt, parseIpRange } from '@brume/api/network/ip-range'
import type { EndpointSlice, Service } from '@brume/api/network/service-model'
import { listOf } from '@brume/api/validate/json'

export type Answer =
  /** Records of one name. None: the name exists, the type does not. */
  | { type: 'records'; records: DnsRecord[] }
  /** Another name, to be asked elsewhere. */
  | { type: 'alias'; target: string }
  | { type: 'unknown' }

export interface NameSource {
  service(namespace: string, name: string): Service | undefined
  slices(namespace: string, name: string): Iterable<EndpointSlice>
  namespaceExists(namespace: string): boolean
  /** The names of an address: of a Service's own, or of an endpoint. */
  namesOf(address: string): Iterable<string>
  /** Resolves when it knows what there is; throws when that takes too long. */
  synced(): Promise<void>
}

interface Endpoint {
  address: string
  /** The first label below the Service's name: its host name, or its address with dashes. */
  label: string
  ports: { name: string; protocol: string; port: number }[]
}

const SPECIFICATION_VERSION = '1.1.0'
const UNKNOWN: Answer = { type: 'unknown' }

/** `name` is below `domain`, or a reverse name, in lower case and without the dot at the end. */
export function answerOf(source: NameSource, domain: string, name: string): Answer {
  if (name === domain) return found([])
  if (name === `dns-version.${domain}`) return found([{ type: 'TXT', text: SPECIFICATION_VERSION }])
  const labels = name.slice(0, -domain.length - 1).split('.')
  const kind = labels.pop()
  if (kind === 'svc') return serviceAnswer(source, domain, labels)
  if (kind === 'pod') return podAnswer(source, labels)
  return UNKNOWN
}

/** Of in-addr.arpa and ip6.arpa. `unknown`: not an address of the cloud. */
export function reverseAnswer(source: NameSource, name: string): Answer {
  const address = addressOfReverse(name)
  const names = address === undefined ? [] : [...source.namesOf(address)]
  return names.length === 0 ? UNKNOWN : found(names.map((target) => ({ type: 'PTR', target })))
}

function serviceAnswer(source: NameSource, domain: string, labels: string[]): Answer {
  const namespace = labels.pop()
  if (namespace === undefined) return found([])
  const name = labels.pop()
  if (name === undefined) return source.namespaceExists(namespace) ? found([]) : UNKNOWN
  const service = source.service(namespace, name)
  if (service === undefined) return UNKNOWN
  const { spec } = service
  if (spec['type'] === 'ExternalName') {
    return labels.length === 0 ? { type: 'alias', target: String(spec['externalName']) } : UNKNOWN
  }
  const own = `${name}.${namespace}.svc.${domain}`
  const headless = spec['clusterIP'] === 'None'
  const endpoints = headless ? endpointsOf(source.slices(namespace, name)) : []
  const addresses: string[] = headless
    ? endpoints.map(({ address }) => address)
    : (spec['clusterIPs'] ?? [spec['clusterIP']]).filter((ip: unknown) => typeof ip === 'string' && ip !== '')
  if (labels.length === 0) {
    const ports: { port: number; target: string }[] = headless
      ? endpoints.flatMap(({ label, ports }) =>
          ports.map(({ port }) => ({ port, target: `${label}.${own}` })),
        )
      : listOf(spec['ports']).map(({ port }) => ({ port, target: own }))
    // A headless Service without endpoints has no addresses: it is not known, so that clients try again.
    if (addresses.length === 0) return UNKNOWN
    return found([...addresses.map(addressRecord), ...ports.map(srvRecord)])
  }
  const [first = '', second] = labels
  if (labels.length === 2 && second !== undefined && first.startsWith('_') && second.startsWith('_')) {
    return portAnswer({ service, endpoints, headless, own }, first.slice(1), second.slice(1))
  }
  const named = endpoints.filter(({ label }) => labels.length === 1 && label === first)
  if (named.length === 0) return UNKNOWN
  return found(named.map(({ address }) => addressRecord(address)))
}

function portAnswer(
  of: { service: Service; endpoints: readonly Endpoint[]; headless: boolean; own: string },
  portName: string,
  protocol: string,
): Answer {
  const { service, endpoints, headless, own } = of
  const matches = (port: { name?: string; protocol?: string }) =>
    port.name === portName && (port.protocol ?? 'TCP').toLowerCase() === protocol
  const records = headless
    ? endpoints.flatMap(({ label, ports }) =>
        ports.filter(matches).map(({ port }) => srvRecord({ port, target: `${label}.${own}` })),
      )
    : listOf(service.spec['ports'])
        .filter(matches)
        .map(({ port }) => srvRecord({ port, target: own }))
  return records.length === 0 ? UNKNOWN : found(records)
}

/** 10-42-0-7.NAMESPACE.pod: the address is in the name. */
function podAnswer(source: NameSource, labels: readonly string[]): Answer {
  const [dashed, namespace] = labels
  if (labels.length !== 2 || dashed === undefined || namespace === undefined) return UNKNOWN
  const address = isIPv4(dashed.replaceAll('-', '.'))
    ? dashed.replaceAll('-', '.')
    : dashed.replaceAll('-', ':')
  if (!source.namespaceExists(namespace) || (!isIPv4(address) && !isIPv6(address))) return UNKNOWN
  return found([addressRecord(address)])
}

function endpointsOf(slices: Iterable<EndpointSlice>): Endpoint[] {
  const byAddress = new Map<string, Endpoint>()
  for (const slice of slices) {
    const ports = listOf(slice['ports']).map(({ name = '', protocol = 'TCP', port = 0 }) => ({
      name,
      protocol,
      port,
    }))
    for (const { addresses, conditions, hostname } of listOf(slice['endpoints'])) {
      if (conditions?.ready === false) continue
      for (const address of listOf(addresses) as unknown as string[]) {
        const label = labelOf(address, hostname)
        const known = byAddress.get(address)
        byAddress.set(address, { address, label, ports: [...(known?.ports ?? []), ...ports] })
      }
    }
  }
  return [...byAddress.values()]
}

/** Of an endpoint: its host name, or its address with dashes. */
export function labelOf(address: string, hostname: string | undefined): string {
  return hostname ?? address.replaceAll(/[.:]/g, '-')
}

function addressRecord(address: string): DnsRecord {
  return { type: isIPv6(address) ? 'AAAA' : 'A', address }
}

function srvRecord({ port, target }: { port: number; target: string }): DnsRecord {
  return { type: 'SRV', port, target }
}

function found(records: DnsRecord[]): Answer {
  return { type: 'records', records }
}

export function addressOfReverse(name: string): string | undefined {
  const v4 = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.in-addr\.arpa$/.exec(name)
  if (v4 !== null) {
    const address = v4.slice(1, 5).reverse().join('.')
    return isIPv4(address) ? address : undefined
  }
  if (!/^([0-9a-f]\.){32}ip6\.arpa$/.test(name)) return undefined
  const digits = name.slice(0, 63).split('.').reverse().join('')
  const range = parseIpRange(digits.match(/.{4}/g)!.join(':'))
  // As Services and pods have it.
  return range === undefined ? undefined : addressAt(range, 0)
}
