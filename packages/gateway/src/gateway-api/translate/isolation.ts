// A request belongs to the listener with the most specific name, and to the routes of that one alone. Source: the Gateway
// API's reference, "Listener Isolation".

import { type HttpRoute, PLAIN_RULE } from '../../model.ts'
import type { Place } from './attachment.ts'
import { covers } from './hostnames.ts'
import { isAccepted, isServed, type Listener } from './listeners.ts'

/** Sorts behind every route. */
const LAST = '~~'
const NOWHERE = {
  status: 404,
  contentType: 'text/plain',
  body: 'no route of this name leads there: kubectl get httproute -A\n',
}

/** For each listener those whose names are some of its own. */
export type Narrower = ReadonlyMap<Listener, readonly Listener[]>

export function narrowerOf(all: readonly Listener[]): Narrower {
  return new Map(all.map((wide) => [wide, all.filter((listener) => isWithin(listener, wide))]))
}

/** Whether requests for the place's name belong to a listener other than the place's. */
export function isElsewhere({ listener, host }: Place, narrower: Narrower): boolean {
  return (narrower.get(listener) ?? []).some(({ hostname }) => covers(hostname, host))
}

/** Where a listener's names end, so that routes of wider ones do not get what no route of its own takes. */
export function endsOf(narrower: Narrower): HttpRoute[] {
  const within = new Set([...narrower.values()].flat())
  return [...narrower.keys()]
    .filter((listener) => isServed(listener) && within.has(listener))
    .map((listener) => ({
      ports: [listener.port],
      host: listener.hostname,
      path: { type: 'prefix', value: '/' },
      method: undefined,
      headers: [],
      query: [],
      order: LAST,
      rule: { ...PLAIN_RULE, id: idOf(listener), targets: [], answer: NOWHERE },
    }))
}

/** Both listen on one port, and all names of `narrow` are some of `wide`'s. */
function isWithin(narrow: Listener, wide: Listener): boolean {
  return (
    narrow !== wide &&
    narrow.port === wide.port &&
    isHttp(narrow) &&
    narrow.protocol === wide.protocol &&
    narrow.hostname !== wide.hostname &&
    covers(wide.hostname, narrow.hostname) &&
    isAccepted(narrow) &&
    isAccepted(wide)
  )
}

function isHttp({ protocol }: Listener): boolean {
  return protocol === 'http' || protocol === 'https'
}

function idOf({ gateway: { metadata }, name }: Listener): string {
  return `gateway/${metadata.namespace}/${metadata.name}/${name}`
}
