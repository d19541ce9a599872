// Routes as elements of the kernel's maps. However many Services there are, a packet is looked up in one map, and one of
// N backends is drawn with the lookup itself: no rule and no chain belongs to a Service, so that a change is a change of
// some elements. (10,000 Services as chains took 13 s to load here, 50,000 elements 0.7 s.) Pure.

import { type Backend, type Behaviour, frontendKey, type Route } from '@brume/api/network/service-model'
import type { Family } from '../network/family.ts'

/** Name of a map or set -> key -> value ('' in sets; in `sources` the ranges, of which each is an element). */
export type Elements = Map<MapName, Map<string, string>>

export type MapName =
  | 'services'
  | 'inside'
  | 'node-ports'
  | 'backends'
  | 'inside-backends'
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
  'inside',
  'node-ports',
  'backends',
  'inside-backends',
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
  const forward = (at: DrawsAt, key: string, behaviour: Behaviour) => {
    if (behaviour.type !== 'forward') return
    const backends = behaviour.backends.slice(0, MAX_BACKENDS)
    const { stickySeconds } = behaviour
    const draw = stickySeconds === undefined ? 'random' : 'sticky'
    if (stickySeconds !== undefined && family === 'ip')
      put(at === 'node-ports' ? 'sticky-ports' : 'sticky', key, `goto ${rememberName(stickySeconds)}`)
    put(at, key, `goto ${chainName({ at, draw, count: backends.length })}`)
    for (const [i, backend] of backends.entries()) {
      put(BACKENDS[at], `${key} . ${i}`, addressOf(backend))
      put('hairpins', `${backend.ip} . ${backend.ip}`)
    }
  }
  for (const { frontend, behaviour, inside, sources } of routes) {
    const key = frontendKey(frontend)
    if (sources !== undefined) {
      put('limited', key)
      if (sources.length > 0) put('sources', key, sources.join(' '))
    }
    const nodePort = frontend.ip === undefined
    if (behaviour.type === 'refuse') put(nodePort ? 'refused-ports' : 'refused', key)
    if (behaviour.type === 'drop') put(nodePort ? 'dropped-ports' : 'dropped', key)
    forward(nodePort ? 'node-ports' : 'services', key, behaviour)
    if (inside !== undefined) forward('inside', key, inside)
  }
  return elements
}

/** The map of verdicts that leads to a draw; `inside` is asked first for this node and its pods. */
export type DrawsAt = 'services' | 'inside' | 'node-ports'

/** Of what is drawn. */
export const BACKENDS = {
  services: 'backends',
  inside: 'inside-backends',
  'node-ports': 'node-port-backends',
} as const satisfies Record<DrawsAt, MapName>

export interface Draw {
  at: DrawsAt
  draw: 'random' | 'sticky'
  count: number
}

const CHAIN_PREFIX: Record<DrawsAt, string> = { services: '', inside: 'inside-', 'node-ports': 'node-port-' }

export function chainName({ at, draw, count }: Draw): string {
  return `${CHAIN_PREFIX[at]}${draw}-${count}`
}

/** Of `goto random-3`; undefined for another text. */
export function drawOf(verdict: string): Draw | undefined {
  const match = /^goto (node-port-|inside-|)(random|sticky)-(\d+)$/.exec(verdict)
  if (match === null) return undefined
  const at = (Object.keys(CHAIN_PREFIX) as DrawsAt[]).find((one) => CHAIN_PREFIX[one] === match[1])!
  return { at, draw: match[2] as Draw['draw'], count: Number(match[3]) }
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
