// The bridge of a node's pods, with the node's own address of each family on it.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { addressAt, parseIpRange } from '@brume/api/network/ip-range'
import { run } from '@brume/machine/run'
import { RuntimeError } from '../runtime/error.ts'
import { addressesOf, linkKind } from './host.ts'
import { madeUpMac } from './mac.ts'

export interface BridgeOptions {
  bridge: string
  /** Of this node's pods: one of IPv4, and one of IPv6 in a cloud with both. */
  ranges: readonly string[]
  mtu: number
}

const IPV6 = '/proc/sys/net/ipv6/conf'
/** What is no interface, but stands for all, or for those that come. */
const ALL: ReadonlySet<string> = new Set(['all', 'default'])

/** Made here and not by the first pod, so that the next cloud on this machine sees the route. Idempotent. */
export async function ensureBridge({ bridge, ranges, mtu }: BridgeOptions): Promise<void> {
  const kind = await linkKind(bridge)
  // With an address of its own: else it takes another one with each pod that comes, and neighbours lose it.
  if (kind === undefined)
    await run(['ip', 'link', 'add', bridge, 'address', madeUpMac(bridge), 'type', 'bridge'])
  else if (kind !== 'bridge')
    throw new RuntimeError(
      `${bridge} is there and is no bridge`,
      `look what it is: ip -d link show ${bridge}`,
    )
  for (const range of ranges) await ensureGateway(bridge, range)
  await run(['ip', 'link', 'set', bridge, 'mtu', String(mtu), 'up'])
}

export function enableForwarding(bridge: string, hasIpv6: boolean): void {
  const settings: [name: string, value: string][] = [
    ['ip_forward', '1'],
    // Host ports at 127.0.0.1. The chain `guard` keeps pods from using it the other way round.
    [`conf/${bridge}/route_localnet`, '1'],
    // A packet that leaves by the bridge where it came in would be followed by advice to the pod to take a shorter way;
    // and the kernel, which counts that against what it tells a pod at most, then refuses nothing by ICMP. Either is enough
    // to switch it on.
    ['conf/all/send_redirects', '0'],
    [`conf/${bridge}/send_redirects`, '0'],
  ]
  for (const [name, value] of settings) setTo(`/proc/sys/net/ipv4/${name}`, value)
  if (!hasIpv6) return
  // A router believes no other one, and the machine would lose its own way out; 2: it goes on to believe (ip-sysctl).
  for (const name of readdirSync(IPV6)) {
    const path = `${IPV6}/${name}/accept_ra`
    // Pods are no routers of the machine.
    if (name === bridge) setTo(path, '0')
    else if (!ALL.has(name) && readFileSync(path, 'utf8').trim() === '1') setTo(path, '2')
  }
  setTo(`${IPV6}/all/forwarding`, '1')
}

/** The node's own address in the range of its pods. */
export function gatewayOf(range: string): string {
  return addressAt(parseIpRange(range)!, 1)
}

async function ensureGateway(bridge: string, range: string): Promise<void> {
  const { family, bits } = parseIpRange(range)!
  const gateway = `${gatewayOf(range)}/${bits}`
  if (family === 6) setTo(`${IPV6}/${bridge}/disable_ipv6`, '0')
  const addresses = await addressesOf(bridge, family)
  for (const other of addresses.filter((address) => address !== gateway && !address.startsWith('fe80:')))
    await run(['ip', 'address', 'del', other, 'dev', bridge])
  if (addresses.includes(gateway)) return
  // Nobody else on the bridge can have it: there is nothing to wait for.
  const more = family === 4 ? ['brd', '+'] : ['nodad']
  await run(['ip', 'address', 'add', gateway, ...more, 'dev', bridge])
}

function setTo(path: string, value: string): void {
  if (readFileSync(path, 'utf8').trim() !== value) writeFileSync(path, value)
}
