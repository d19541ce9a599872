// Which of a machine's addresses is the node's: the one on the way to everywhere else.

import { existsSync, readFileSync } from 'node:fs'
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os'

export interface AddressSources {
  interfaces: Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>
  /** /proc/net/route */
  routes: string
  /** True for a card, false for bridges, veth pairs and tunnels. */
  isDevice(name: string): boolean
}

const LOOPBACK = '127.0.0.1'

/** IPv4 on the default route's interface, else of a card, else any IPv4, else IPv6, else loopback. */
export function nodeAddress(sources: AddressSources = ofThisMachine()): string {
  const { interfaces, routes, isDevice } = sources
  const names = Object.keys(interfaces)
  const first = defaultInterface(routes)
  const order = [
    ...names.filter((name) => name === first),
    ...names.filter((name) => name !== first && isDevice(name)),
    ...names.filter((name) => name !== first && !isDevice(name)),
  ]
  for (const family of ['IPv4', 'IPv6']) {
    for (const name of order) {
      const usable = interfaces[name]?.find(
        (of) => of.family === family && !of.internal && !isLinkLocal(of.address),
      )
      if (usable !== undefined) return usable.address
    }
  }
  return LOOPBACK
}

/** Asked again and again: the address as it is now, or the last one while the machine has none (a cable is out). */
export function steadyAddress(now: () => string = nodeAddress): () => string {
  let last = now()
  return () => {
    const found = now()
    if (found !== LOOPBACK) last = found
    return last
  }
}

/** Of /proc/net/route: the up (1) route with a gateway (2) to 0.0.0.0/0 with the lowest metric. */
export function defaultInterface(routes: string): string | undefined {
  let best: { name: string; metric: number } | undefined
  for (const line of routes.split('\n').slice(1)) {
    const [name, destination, , flags, , , metric, mask] = line.split('\t').map((field) => field.trim())
    if (name === undefined || destination !== '00000000' || mask !== '00000000') continue
    if ((Number.parseInt(flags ?? '0', 16) & 3) !== 3) continue
    const cost = Number(metric)
    if (best === undefined || cost < best.metric) best = { name, metric: cost }
  }
  return best?.name
}

function isLinkLocal(address: string): boolean {
  return address.startsWith('169.254.') || /^fe[89ab]/i.test(address)
}

function ofThisMachine(): AddressSources {
  let routes = ''
  try {
    routes = readFileSync('/proc/net/route', 'utf8')
  } catch {
    // A kernel without IPv4.
  }
  return {
    interfaces: networkInterfaces(),
    routes,
    isDevice: (name) => existsSync(`/sys/class/net/${name}/device`),
  }
}
