// What the kernel's maps have behind an address and a port that somebody asked for. Pure.

import { BACKENDS, type Draw, type DrawsAt, drawOf, type MapName } from './elements.ts'

/** What the kernel is to have. */
export type ValueFor = (map: MapName, key: string) => string | undefined

/** For callers of the cloud and for others. */
const AT_ADDRESSES: readonly DrawsAt[] = ['services', 'inside']

/** Backends (`10.42.0.7 . 8080`) of what was asked as `10.96.0.1 . tcp . 80`, of the draws of that kind if one is named. */
export function backendsBehind(frontend: string, valueFor: ValueFor, kind?: Draw['draw']): Set<string> {
  const isOwn = AT_ADDRESSES.some((at) => valueFor(at, frontend) !== undefined)
  // An address that is no Service's own is one of the node's: then the port counts.
  const key = isOwn ? frontend : portOf(frontend)
  return new Set((isOwn ? AT_ADDRESSES : (['node-ports'] as const)).flatMap((at) => drawn(at, key)))

  function drawn(at: DrawsAt, of: string): string[] {
    const verdict = valueFor(at, of)
    const draw = verdict === undefined ? undefined : drawOf(verdict)
    if (draw === undefined || (kind !== undefined && draw.draw !== kind)) return []
    return Array.from({ length: draw.count }, (_, i) => valueFor(BACKENDS[at], `${of} . ${i}`) ?? '')
  }
}

/** `tcp . 80` of `10.96.0.1 . tcp . 80`. */
export function portOf(frontend: string): string {
  return frontend.slice(frontend.indexOf(' . ') + 3)
}
