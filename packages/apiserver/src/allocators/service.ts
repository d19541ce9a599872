// Cluster addresses and node ports of Services, from ranges, without a record of their own: what stored Services have
// is what is taken.

import { type FieldError, invalid, invalidObject } from '@brume/api/field-error'
import { type IpRange, parseIpRange } from '@brume/api/network/ip-range'
import type { KubeObject } from '@brume/api/object'
import { StatusError } from '@brume/base/errors'
import type { Allocator } from '../handlers/context.ts'
import type { ObjectReader } from '../registry/reader.ts'
import { AddressPool } from './addresses.ts'
import { type Family, settleFamilies } from './families.ts'
import { Pool } from './pool.ts'

export interface ServiceRanges {
  /** One of each family, the usual one first. */
  addresses: readonly IpRange[]
  /** Inclusive. */
  nodePorts: { first: number; last: number }
}

interface ServicePort {
  name?: string
  port: number
  protocol?: string
  nodePort?: number
}

interface Pools {
  addresses: readonly AddressPool[]
  ports: Pool
  ranges: ServiceRanges
}

/** The allocator for Services, kept in step with what is stored. */
export function serviceAllocator(reader: ObjectReader, ranges: ServiceRanges): Allocator {
  const { addresses, nodePorts } = ranges
  const pools: Pools = {
    addresses: addresses.map((range) => new AddressPool(range)),
    ports: new Pool(nodePorts.first, nodePorts.last - nodePorts.first + 1),
    ranges,
  }
  for (const service of reader.list('', 'services', '')) each(service, pools, 'take')
  reader.onChange('', 'services', ({ type, object, previous }) => {
    if (previous !== undefined) each(previous, pools, 'free')
    if (type === 'put') each(object, pools, 'take')
  })
  return {
    group: '',
    plural: 'services',
    allocate(object, old) {
      const taken: (() => void)[] = []
      const undo = () => {
        for (const free of taken.splice(0)) free()
      }
      try {
        if (old !== undefined) keepAllocated(object, old)
        allocateAddress(object, old, { pools, taken })
        allocatePorts(object, old, { pools, taken })
        return undo
      } catch (error) {
        undo()
        throw error
      }
    },
  }
}

function each(service: KubeObject, { addresses, ports }: Pools, action: 'take' | 'free'): void {
  const spec = service['spec'] ?? {}
  for (const address of addressesOf(spec)) for (const pool of addresses) pool[action](address)
  for (const { nodePort = 0 } of (spec.ports ?? []) as ServicePort[])
    if (nodePort > 0) ports[action](nodePort)
  if (spec.healthCheckNodePort > 0) ports[action](spec.healthCheckNodePort)
}

const hasAddress = (type: string | undefined) => type !== 'ExternalName'
const hasNodePorts = (spec: { type?: string; allocateLoadBalancerNodePorts?: boolean }) =>
  spec.type === 'NodePort' || (spec.type === 'LoadBalancer' && spec.allocateLoadBalancerNodePorts !== false)

/** A client that leaves allocated values out means to keep them. */
function keepAllocated(object: KubeObject, old: KubeObject): void {
  const spec = object['spec']
  const before = old['spec'] ?? {}
  if (hasAddress(spec.type) && hasAddress(before.type)) {
    if (!spec.clusterIP) {
      if (before.clusterIP !== undefined) spec.clusterIP = before.clusterIP
      if (before.clusterIPs !== undefined) spec.clusterIPs ??= [...before.clusterIPs]
    }
    for (const field of ['ipFamilies', 'ipFamilyPolicy'])
      if (before[field] !== undefined) spec[field] ??= before[field]
  }
  if (!hasNodePorts(spec) || !hasNodePorts(before)) return
  const known = new Map<string, number>()
  for (const port of (before.ports ?? []) as ServicePort[])
    known.set(`${port.protocol}/${port.port}`, port.nodePort ?? 0)
  const used = new Set(((spec.ports ?? []) as ServicePort[]).map(({ nodePort = 0 }) => nodePort))
  for (const port of (spec.ports ?? []) as ServicePort[]) {
    const kept = known.get(`${port.protocol}/${port.port}`) ?? 0
    if (!port.nodePort && kept > 0 && !used.has(kept)) port.nodePort = kept
  }
  if (before.healthCheckNodePort && needsHealthPort(spec))
    spec.healthCheckNodePort ??= before.healthCheckNodePort
}

interface Taking {
  pools: Pools
  taken: (() => void)[]
}

function allocateAddress(object: KubeObject, old: KubeObject | undefined, { pools, taken }: Taking): void {
  const spec = object['spec']
  if (!hasAddress(spec.type)) {
    if (old !== undefined && hasAddress(old['spec']?.type)) {
      for (const field of ['clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy']) delete spec[field]
    }
    return
  }
  const had = hasAddress(old?.['spec']?.type) ? old?.['spec'] : undefined
  const errors = settleFamilies(
    spec,
    had,
    pools.addresses.map(({ family }) => family),
  )
  if (errors.length > 0) refuse(object, errors)
  if (spec.clusterIP === undefined || spec.clusterIP === '') spec.clusterIP = spec.clusterIPs?.[0] ?? ''
  if (spec.clusterIP === 'None') {
    if ((spec.clusterIPs ?? []).length === 0) spec.clusterIPs = ['None']
    return
  }
  const given: string[] = (spec.clusterIPs ?? []).length > 0 ? [...spec.clusterIPs] : [spec.clusterIP]
  const before = addressesOf(had ?? {})
  for (const wanted of given) {
    if (wanted !== '' && !before.includes(wanted)) takeAddress(object, wanted, { pools, taken })
  }
  const families: Family[] = spec.ipFamilies
  const addresses = families.map((family, i) => given[i] || newAddress(family, { pools, taken }))
  // More than there are families is for validation to say.
  spec.clusterIPs = [...addresses, ...given.slice(families.length)]
  spec.clusterIP = spec.clusterIPs[0]
}

function addressesOf(spec: { clusterIP?: string; clusterIPs?: string[] }): string[] {
  const all = (spec.clusterIPs ?? []).length > 0 ? spec.clusterIPs! : [spec.clusterIP ?? '']
  return all.filter((address) => address !== '' && address !== 'None')
}

function newAddress(family: Family, { pools, taken }: Taking): string {
  const pool = pools.addresses.find((one) => one.family === family)
  const address = pool?.allocate()
  if (pool === undefined || address === undefined) {
    const range = pool === undefined ? family : pool.text
    throw new StatusError('InternalError', `failed to allocate a serviceIP: range is full (${range})`)
  }
  taken.push(() => pool.free(address))
  return address
}

function takeAddress(object: KubeObject, wanted: string, { pools, taken }: Taking): void {
  const parsed = parseIpRange(wanted)
  // What is no address at all is for validation to say.
  if (parsed === undefined || wanted.includes('/')) return
  const family = parsed.family === 4 ? 'IPv4' : 'IPv6'
  const pool = pools.addresses.find((one) => one.family === family)
  let problem = ''
  if (pool?.has(wanted) !== true) {
    const valid = pool?.text ?? pools.addresses.map(({ text }) => text).join(', ')
    problem = `failed to allocate IP ${wanted}: the provided IP (${wanted}) is not in the valid range. The range of valid IPs is ${valid}`
  } else if (pool.isTaken(wanted)) {
    problem = `failed to allocate IP ${wanted}: provided IP is already allocated`
  }
  if (pool === undefined || problem !== '') refuse(object, [invalid('spec.clusterIPs', [wanted], problem)])
  pool.take(wanted)
  taken.push(() => pool.free(wanted))
}

function allocatePorts(object: KubeObject, old: KubeObject | undefined, { pools, taken }: Taking): void {
  const spec = object['spec']
  const ports = (spec.ports ?? []) as ServicePort[]
  if (!hasNodePorts(spec)) {
    // A change of type away from node ports gives them back, unless the client insists on one.
    if (old !== undefined && hasNodePorts(old['spec'] ?? {}) && spec.type === 'ClusterIP') {
      for (const port of ports) delete port.nodePort
    }
    return
  }
  const own = new Set(((old?.['spec']?.ports ?? []) as ServicePort[]).map(({ nodePort = 0 }) => nodePort))
  const claimed = new Map<number, string | undefined>()
  for (const [i, port] of ports.entries()) {
    if (port.nodePort) {
      // TCP and UDP may share a number within one Service.
      const shared = claimed.has(port.nodePort) && claimed.get(port.nodePort) !== port.protocol
      if (!own.has(port.nodePort) && !shared)
        claimPort(object, `spec.ports[${i}].nodePort`, port.nodePort, { pools, taken })
      claimed.set(port.nodePort, port.protocol)
    }
  }
  for (const port of ports) port.nodePort ||= newPort({ pools, taken })
  if (needsHealthPort(spec)) {
    if (!spec.healthCheckNodePort) spec.healthCheckNodePort = newPort({ pools, taken })
    else if (spec.healthCheckNodePort !== old?.['spec']?.healthCheckNodePort) {
      claimPort(object, 'spec.healthCheckNodePort', spec.healthCheckNodePort, { pools, taken })
    }
  }
}

const needsHealthPort = (spec: { type?: string; externalTrafficPolicy?: string }) =>
  spec.type === 'LoadBalancer' && spec.externalTrafficPolicy === 'Local'

function newPort({ pools, taken }: Taking): number {
  const port = pools.ports.allocate()
  if (port === undefined)
    throw new StatusError('InternalError', 'failed to allocate a nodePort: range is full')
  taken.push(() => pools.ports.free(port))
  return port
}

function claimPort(object: KubeObject, field: string, port: number, { pools, taken }: Taking): void {
  const { first, last } = pools.ranges.nodePorts
  if (!pools.ports.has(port)) {
    refuse(object, [
      invalid(
        field,
        port,
        `provided port is not in the valid range. The range of valid ports is ${first}-${last}`,
      ),
    ])
  }
  if (pools.ports.isTaken(port)) refuse(object, [invalid(field, port, 'provided port is already allocated')])
  pools.ports.take(port)
  taken.push(() => pools.ports.free(port))
}

function refuse(object: KubeObject, errors: FieldError[]): never {
  throw invalidObject({ group: '', kind: 'Service', name: object.metadata.name ?? '' }, errors)
}
