// Under which names and addresses clients reach this control plane.

import { hostname, networkInterfaces } from 'node:os'
import { addressAt } from '@brume/api/network/ip-range'
import { parseServiceRange } from '@brume/apiserver/allocators/addresses'

export interface CertifiedOptions {
  /** Further names and addresses for the server's certificate. */
  hosts: readonly string[]
  /** One of IPv4; with both families one of IPv6 after it. */
  serviceRanges: readonly [string, ...string[]]
}

/** All names and addresses by which clients may reach this server, as they are now. */
export function certifiedHosts(options: CertifiedOptions): string[] {
  return [...localHosts(), serviceIpOf(options), ...options.hosts]
}

/** Of the Service `kubernetes`: by convention the first address of the range. */
export function serviceIpOf({ serviceRanges }: Pick<CertifiedOptions, 'serviceRanges'>): string {
  return addressAt(parseServiceRange(serviceRanges[0]), 1)
}

/** Any-address is no address to connect to. */
export function reachableHost(host: string): string {
  if (host === '0.0.0.0' || host === '') return '127.0.0.1'
  if (host === '::') return '[::1]'
  return host.includes(':') ? `[${host}]` : host
}

/** The addresses of the `kubernetes` Service's endpoint: where the API listens. */
export function publicAddresses(host: string): string[] {
  const any = host === '' || host === '0.0.0.0' || host === '::'
  if (!any) return isLoopback(host) ? [] : [host]
  const first = machineAddresses().find((address) => address.includes('.'))
  return first === undefined ? [] : [first]
}

function localHosts(): string[] {
  return [hostname(), ...machineAddresses()]
}

/** Addresses of this machine that others can reach. */
function machineAddresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? [])
  return all
    .filter(({ internal, address }) => !internal && !address.startsWith('fe80'))
    .map(({ address }) => address)
}

const isLoopback = (host: string) => host === 'localhost' || host === '::1' || host.startsWith('127.')
