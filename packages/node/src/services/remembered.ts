// Which client has which backend, as the kernel remembers it for Services with session affinity: what of it still holds
// after a change, and how it comes into a new table. Pure.

import { backendsBehind, type ValueFor } from './behind.ts'
import type { Elements, MapName } from './elements.ts'
import { REMEMBERED } from './table.ts'

export interface Remembered {
  /** Address and port that the client asked for: `10.96.0.1 . tcp . 80`. */
  frontend: string
  client: string
  /** `10.42.0.7 . 8080`. */
  backend: string
  timeoutSeconds: number
  leftSeconds: number
}

/** Protocols may be written as numbers (IANA, "Protocol Numbers"). */
const PROTOCOLS = new Map([
  ['6', 'tcp'],
  ['17', 'udp'],
  ['132', 'sctp'],
])

/** Of `nft -j list map`. */
export function parseRemembered(json: string): Remembered[] {
  const parts: { map?: { elem?: [ListedKey, { concat: [string, number] }][] } }[] = JSON.parse(json).nftables
  const elements = parts.flatMap(({ map }) => map?.elem ?? [])
  return elements.map(([{ elem }, { concat: backend }]) => {
    const [ip, protocol, port, client] = elem.val.concat
    return {
      frontend: `${ip} . ${PROTOCOLS.get(String(protocol)) ?? protocol} . ${port}`,
      client,
      backend: backend.join(' . '),
      timeoutSeconds: elem.timeout ?? 0,
      leftSeconds: elem.expires ?? 0,
    }
  })
}

interface ListedKey {
  elem: {
    val: { concat: [string, string | number, number, string] }
    timeout?: number
    expires?: number
  }
}

/** Whether each one's Service still has affinity and its backend. */
export function holdsIn(valueFor: ValueFor): (one: Remembered) => boolean {
  const backends = new Map<string, ReadonlySet<string>>()
  return ({ frontend, backend }) => {
    const known = backends.get(frontend) ?? backendsBehind(frontend, valueFor, 'sticky')
    backends.set(frontend, known)
    return known.has(backend)
  }
}

/** Whether a change takes a backend, or affinity itself, from a Service that has it: clients may be remembered of it. */
export function losesRemembered(before: Elements, after: Elements): boolean {
  return (
    losesFrom(before, after, { sticky: 'sticky', backends: ['backends', 'inside-backends'] }) ||
    losesFrom(before, after, { sticky: 'sticky-ports', backends: ['node-port-backends'] })
  )
}

function losesFrom(
  before: Elements,
  after: Elements,
  names: { sticky: MapName; backends: readonly MapName[] },
) {
  const frontends = before.get(names.sticky)
  if (frontends === undefined) return false
  for (const key of frontends.keys()) if (after.get(names.sticky)?.has(key) !== true) return true
  const pairs = (elements: Elements) =>
    names.backends
      .flatMap((map) => [...(elements.get(map) ?? [])])
      .map(([key, backend]) => [key.slice(0, key.lastIndexOf(' . ')), backend] as const)
      .filter(([frontend]) => frontends.has(frontend))
      .map((pair) => pair.join(' '))
  const kept = new Set(pairs(after))
  return pairs(before).some((pair) => !kept.has(pair))
}

/** Into a table that is written anew. */
export function rememberAgain(table: string, all: readonly Remembered[]): string[] {
  const elements = all
    .filter(({ leftSeconds }) => leftSeconds > 0)
    .map(
      ({ frontend, client, backend, timeoutSeconds, leftSeconds }) =>
        `${frontend} . ${client} timeout ${timeoutSeconds}s expires ${leftSeconds}s : ${backend}`,
    )
  return elements.length === 0 ? [] : [`add element ip ${table} ${REMEMBERED} { ${elements.join(', ')} }`]
}

/** One that has ended meanwhile is made first: nft takes nothing away that is not there. */
export function forgetScript(table: string, all: readonly Remembered[]): string[] {
  if (all.length === 0) return []
  const keys = all.map(({ frontend, client }) => `${frontend} . ${client}`)
  const elements = all.map(({ backend }, i) => `${keys[i]} : ${backend}`)
  return [
    `add element ip ${table} ${REMEMBERED} { ${elements.join(', ')} }`,
    `delete element ip ${table} ${REMEMBERED} { ${keys.join(', ')} }`,
  ]
}
