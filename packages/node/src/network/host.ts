// What the machine's network looks like. Asked by netlink (iproute2) and not in /sys, which shows the network namespace
// that it was mounted in, whatever namespace this process is in.

import { RunError, run } from '@brume/machine/run'
import type { TakenRange } from './choose-range.ts'

const ETHERNET_MTU = 1500

export interface HostRoute {
  dst: string
  dev?: string
}

/** What a command of iproute2 prints as JSON; where there is nothing, some of them print nothing. Throws RunError. */
export async function shown<T>(argv: readonly string[]): Promise<T[]> {
  const { stdout } = await run(argv)
  return stdout.trim() === '' ? [] : JSON.parse(stdout)
}

/** Of `ip`, for both families. */
export async function shownOfBoth<T>(argv: readonly string[]): Promise<T[]> {
  const all = await Promise.all(['-4', '-6'].map((family) => shown<T>(['ip', '-json', family, ...argv])))
  return all.flat()
}

/** IPv4 routes of all tables: those of VPNs are often not in the main one. */
export async function hostRoutes(): Promise<HostRoute[]> {
  return shown(['ip', '-json', '-4', 'route', 'show', 'table', 'all', 'type', 'unicast'])
}

/** What pods cannot have: where routes lead that do not lead to our own bridge. */
export function takenByRoutes(routes: readonly HostRoute[], ownBridge: string): TakenRange[] {
  return routes
    .filter(({ dst, dev }) => dst !== 'default' && dev !== ownBridge)
    .map(({ dst, dev }) => ({ range: dst, by: dev === undefined ? 'a route' : `the route over ${dev}` }))
}

/** Frames must fit the machine's own way out. */
export async function outgoingMtu(routes: readonly HostRoute[]): Promise<number> {
  const dev = routes.find(({ dst }) => dst === 'default')?.dev
  return (dev === undefined ? undefined : (await linkOf(dev))?.mtu) ?? ETHERNET_MTU
}

/** `bridge`, `veth`, ...; '' for hardware; undefined when there is no such link. */
export async function linkKind(name: string): Promise<string | undefined> {
  const link = await linkOf(name)
  return link && (link.linkinfo?.info_kind ?? '')
}

/** `10.42.0.1/24`. */
export async function addressesOf(name: string, family: 4 | 6 = 4): Promise<string[]> {
  const links = await shown<{ addr_info?: { local: string; prefixlen: number }[] }>([
    ...['ip', '-json', `-${family}`, 'address', 'show', 'dev', name],
  ])
  return links.flatMap(({ addr_info }) => addr_info ?? []).map((a) => `${a.local}/${a.prefixlen}`)
}

interface Link {
  mtu: number
  linkinfo?: { info_kind?: string }
}

async function linkOf(name: string): Promise<Link | undefined> {
  try {
    const { stdout } = await run(['ip', '-json', '-details', 'link', 'show', 'dev', name])
    return JSON.parse(stdout)[0]
  } catch (error) {
    if (error instanceof RunError && error.stderr.includes('does not exist')) return undefined
    throw error
  }
}
