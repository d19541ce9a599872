// What a pod's /etc/resolv.conf says, by its dnsPolicy and dnsConfig (Kubernetes' "DNS for Services and Pods").

import { type Json, listOf } from '@brume/api/validate/json'
import type { Pod } from '../contract.ts'
import type { DnsConfig, NodeSettings } from './settings.ts'

/** Limits of Kubernetes 1.32; libc's own are lower or none. */
const MAX_SERVERS = 3
const MAX_SEARCHES = 32
const MAX_SEARCH_CHARS = 2048
const MAX_DOMAIN = 253
const CLUSTER_OPTIONS = ['ndots:5']

export interface PodDns {
  config: DnsConfig
  /** Sentences for Events of the reason DNSConfigForming or MissingClusterDNS. */
  warnings: { reason: string; message: string }[]
}

export function podDns(
  pod: Pod,
  settings: Pick<NodeSettings, 'clusterDomain' | 'clusterDns' | 'hostDns'>,
): PodDns {
  const { spec } = pod
  const warnings: PodDns['warnings'] = []
  const base = baseOf(pod, settings, warnings)
  const own: Json = spec['dnsConfig'] ?? {}
  const config = {
    servers: unique([...base.servers, ...listOf(own.nameservers)]),
    searches: unique([...base.searches, ...listOf(own.searches)]),
    options: mergeOptions(base.options, listOf(own.options)),
  }
  return { config: fit(config, warnings), warnings }
}

/** The node's resolv.conf as data: the last search line counts, and the last of options of one name. */
export function parseResolvConf(text: string): DnsConfig {
  const servers: string[] = []
  let searches: string[] = []
  const options = new Map<string, string>()
  for (const line of text.split('\n')) {
    const [word, ...rest] = line.trim().split(/\s+/)
    if (word === 'nameserver' && rest[0] !== undefined) servers.push(rest[0])
    if (word === 'search') searches = rest.filter((s) => s !== '.').map((s) => s.replace(/\.$/, ''))
    if (word === 'options') for (const option of rest) options.set(option.split(':')[0]!, option)
  }
  return { servers, searches, options: [...options.values()] }
}

function baseOf(
  pod: Pod,
  { clusterDomain, clusterDns, hostDns }: Pick<NodeSettings, 'clusterDomain' | 'clusterDns' | 'hostDns'>,
  warnings: PodDns['warnings'],
): DnsConfig {
  const { dnsPolicy = 'ClusterFirst', hostNetwork } = pod['spec']
  if (dnsPolicy === 'None') return { servers: [], searches: [], options: [] }
  const cluster =
    dnsPolicy === 'ClusterFirstWithHostNet' || (dnsPolicy === 'ClusterFirst' && hostNetwork !== true)
  if (!cluster) return hostDns
  if (clusterDns.length === 0) {
    const message = `this node has no DNS server for the cluster's names: the pod of dnsPolicy "${dnsPolicy}" gets the node's own DNS, as with "Default"`
    warnings.push({ reason: 'MissingClusterDNS', message })
    return hostDns
  }
  const domains = [`${pod.metadata.namespace}.svc.${clusterDomain}`, `svc.${clusterDomain}`, clusterDomain]
  const searches = clusterDomain === '' ? [...hostDns.searches] : unique([...domains, ...hostDns.searches])
  return { servers: [...clusterDns], searches, options: CLUSTER_OPTIONS }
}

/** The pod's own come last and win over options of the same name. */
function mergeOptions(base: readonly string[], own: readonly Json[]): string[] {
  const options = new Map<string, string>()
  for (const option of base) {
    const colon = option.indexOf(':')
    if (colon < 0) options.set(option, '')
    else options.set(option.slice(0, colon), option.slice(colon + 1))
  }
  for (const { name, value } of own) options.set(name, value ?? '')
  return [...options].map(([name, value]) => (value === '' ? name : `${name}:${value}`))
}

function fit({ servers, searches, options }: DnsConfig, warnings: PodDns['warnings']): DnsConfig {
  const warn = (message: string) => warnings.push({ reason: 'DNSConfigForming', message })
  const fewer = servers.slice(0, MAX_SERVERS)
  if (fewer.length < servers.length) {
    warn(
      `Nameserver limits were exceeded, some nameservers have been omitted, the applied nameserver line is: ${fewer.join(' ')}`,
    )
  }
  const shorter = searches.slice(0, MAX_SEARCHES).filter((search) => search.length <= MAX_DOMAIN)
  while (shorter.join(' ').length > MAX_SEARCH_CHARS) shorter.pop()
  if (shorter.length < searches.length) {
    warn(
      `Search Line limits were exceeded, some search paths have been omitted, the applied search line is: ${shorter.join(' ')}`,
    )
  }
  return { servers: fewer, searches: shorter, options }
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)]
}
