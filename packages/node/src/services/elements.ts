// Routes as elements of the kernel's maps. However many Services there are, a packet is looked up in one map, and one of
// N backends is drawn with the lookup itself: no rule and no chain belongs to a Service, so that a change is a change of
// some elements. (10,000 Services as chains took 13 s to load here, 50,000 elements 0.7 s.) Pure.

import { type Backend, frontendKey, type Route } from '@brume/api/network/service-model'

/** Name of a map or set -> key -> value ('' in sets; in `sources` the ranges, of which each is an element). */
export type Elements = Map<MapName, Map<string, string>>

export type MapName =
  | 'services'
  | 'node-ports'
  | 'backends'
  | 'node-port-backends'
  | 'refused'
  | 'refused-ports'
  | 'dropped'
  | 'dropped-ports'
  | 'hairpins'
  | 'sticky'
  | 'sticky-ports'
  | 'limited'
  | 'sources'

export const MAP_NAMES: readonly MapName[] = [
  'services',
  'node-ports',
  'backends',
  'node-port-backends',
  'refused',
  'refused-ports',
  'dropped',
  'dropped-ports',
  'hairpins',
  'sticky',
  'sticky-ports',
  'limited',
  'sources',
]

/** As nft calls IPv4 and IPv6. */
export type Family = 'ip' | 'ip6'

/** Beyond this, further backends get no connections: it bounds the elements of one Service. */
export const MAX_BACKENDS = 5000

/** Of one Service and one family. What the kernel remembers of clients is IPv4: see drawScript. */
export function elementsOf(routes: readonly Route[], family: Family = 'ip'): Elements {
  const elements: Elements = new Map()
  const put = (map: MapName, key: string, value = '') => {
    const known = elements.get(map) ?? new Map<string, string>()
    known.set(key, value)
    elements.set(map, known)
  }
  for (const { frontend, behaviour, sources } of routes) {
    const key = frontendKey(frontend)
    if (sources !== undefined) {
      put('limited', key)
      if (sources.length > 0) put('sources', key, sources.join(' '))
    }
    const nodePort = frontend.ip === undefined
    if (behaviour.type === 'refuse') put(nodePort ? 'refused-ports' : 'refused', key)
    if (behaviour.type === 'drop') put(nodePort ? 'dropped-ports' : 'dropped', key)
    if (behaviour.type !== 'forward') continue
    const backends = behaviour.backends.slice(0, MAX_BACKENDS)
    const { stickySeconds } = behaviour
    const draw = stickySeconds === undefined ? 'random' : 'sticky'
    if (stickySeconds !== undefined && family === 'ip')
      put(nodePort ? 'sticky-ports' : 'sticky', key, `goto ${rememberName(stickySeconds)}`)
    put(
      nodePort ? 'node-ports' : 'services',
      key,
      `goto ${chainName({ nodePort, draw, count: backends.length })}`,
    )
    for (const [i, backend] of backends.entries()) {
      put(nodePort ? 'node-port-backends' : 'backends', `${key} . ${i}`, addressOf(backend))
      put('hairpins', `${backend.ip} . ${backend.ip}`)
    }
  }
  return elements
}

export interface Draw {
  nodePort: boolean
  draw: 'random' | 'sticky'
  count: number
}

export function chainName({ nodePort, draw, count }: Draw): string {
  return `${nodePort ? 'node-port-' : ''}${draw}-${count}`
}

/** Of `goto random-3`; undefined for another text. */
export function drawOf(verdict: string): Draw | undefined {
  const match = /^goto (node-port-)?(random|sticky)-(\d+)$/.exec(verdict)
  if (match === null) return undefined
  return { nodePort: match[1] !== undefined, draw: match[2] as Draw['draw'], count: Number(match[3]) }
}

/** The chain that remembers a client's backend for so long. */
export function rememberName(seconds: number): string {
  return `remember-${seconds}`
}

/** Of `goto remember-10800`; undefined for another text. */
export function rememberedSeconds(verdict: string): number | undefined {
  const match = /^goto remember-(\d+)$/.exec(verdict)
  return match === null ? undefined : Number(match[1])
}

/** How nft writes what one key of a map stands for: to add it, and the keys alone, to delete it. */
export function kernelElements(map: MapName, key: string, value: string): { text: string; key: string }[] {
  if (map === 'sources')
    return value.split(' ').map((range) => ({ text: `${key} . ${range}`, key: `${key} . ${range}` }))
  return [{ text: value === '' ? key : `${key} : ${value}`, key }]
}

function addressOf({ ip, port }: Backend): string {
  return `${ip} . ${port}`
}
