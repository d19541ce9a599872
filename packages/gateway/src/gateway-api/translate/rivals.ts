// HTTPRoutes and GRPCRoutes at one listener: of two of different kinds that have a name in common only one is accepted,
// the older. Source: the Gateway API's reference, "GRPCRouteSpec", hostnames.

import type { KubeObject } from '@brume/api/object'
import { keyOf } from '@brume/client/resource-ref'
import type { Attachment, Place } from './attachment.ts'
import { no } from './condition.ts'
import { covers, intersect } from './hostnames.ts'
import type { Listener } from './listeners.ts'

const RIVALS: Readonly<Record<string, string>> = { HTTPRoute: 'GRPCRoute', GRPCRoute: 'HTTPRoute' }

interface Names {
  /** Name -> the route that has it. */
  exact: Map<string, string>
  /** Those that stand for several. */
  wide: Map<string, string>
}

/** Routes come in the order of their age. */
export class Rivals {
  readonly #taken = new Map<Listener, Map<string, Names>>()

  /** As attached, or why not: a route of the other kind was there first. */
  judge(route: KubeObject, attachment: Attachment): Attachment {
    if ('refusal' in attachment) return attachment
    for (const place of attachment.places) {
      const owner = this.#ownerOf(RIVALS[route.kind] ?? '', place)
      if (owner === undefined) continue
      const { listener, host } = place
      const name = host === '' ? 'names of any host' : host
      const message = `hostnames: ${owner}, which is older, has ${name} at listener ${listener.name}; name another host, or use another listener`
      return { refusal: no('Accepted', 'HostnameConflict', message) }
    }
    return attachment
  }

  /** From now on it has its places. */
  take(route: KubeObject, places: readonly Place[]): void {
    if (RIVALS[route.kind] === undefined) return
    for (const { listener, host } of places) {
      const kinds = this.#taken.get(listener) ?? new Map<string, Names>()
      this.#taken.set(listener, kinds)
      const names: Names = kinds.get(route.kind) ?? { exact: new Map(), wide: new Map() }
      kinds.set(route.kind, names)
      const list = isWide(host) ? names.wide : names.exact
      if (!list.has(host)) list.set(host, `${route.kind} ${keyOf(route)}`)
    }
  }

  #ownerOf(kind: string, { listener, host }: Place): string | undefined {
    const names = this.#taken.get(listener)?.get(kind)
    if (names === undefined) return undefined
    for (const [wide, owner] of names.wide) if (intersect(wide, host) !== undefined) return owner
    if (!isWide(host)) return names.exact.get(host)
    for (const [exact, owner] of names.exact) if (covers(host, exact)) return owner
    return undefined
  }
}

function isWide(host: string): boolean {
  return host === '' || host.startsWith('*')
}
