// TLSRoutes and TCPRoutes: whole connections. Of two for the same name, or the same port, the older has them.

import type { KubeObject } from '@brume/api/object'
import { listOf } from '@brume/api/validate/json'
import type { StreamRoute } from '../../model.ts'
import { ageOf } from '../../source.ts'
import type { Place } from './attachment.ts'
import { NO_POLICIES } from './backend-tls.ts'
import { type BackendParts, targetsOf } from './backends.ts'
import type { Finding } from './condition.ts'

export function streamsOf(
  route: KubeObject,
  places: readonly Place[],
  parts: BackendParts,
): { streams: StreamRoute[]; dropped: string[]; rules: number; broken: Finding | undefined } {
  const rules = listOf(route['spec'].rules)
  const { namespace, name } = route.metadata
  const refs = rules[0]?.backendRefs
  const { targets, broken } = targetsOf(route, refs, parts)
  // What is passed on unopened is TLS already, or nothing that a policy is for.
  const plain = targetsOf(route, refs, { ...parts, policies: NO_POLICIES }).targets
  const id = (at: number) => `${route.kind.toLowerCase()}/${namespace}/${name}/0/${at}`
  const order = ageOf(route)
  const ways = new Map<string, { host: string; opened: boolean; ports: number[] }>()
  for (const { host, listener } of places) {
    const opened = listener.protocol === 'opened-tls'
    const way = ways.get(`${host} ${opened}`) ?? { host, opened, ports: [] }
    ways.set(`${host} ${opened}`, way)
    way.ports.push(listener.port)
  }
  return {
    // Each name is one of its own: another route may have some of them.
    streams: [...ways.values()].map(({ host, opened, ports }, at) => ({
      ports: [...new Set(ports)],
      host,
      id: id(at),
      order,
      targets: (opened && route.kind === 'TLSRoute' ? targets : plain).filter(({ weight }) => weight > 0),
    })),
    // Connections have nothing by which one rule could be told from another.
    dropped: rules.slice(1).map((_, i) => `rules[${i + 1}]: only the first rule is served; make it one`),
    rules: rules.length,
    broken,
  }
}
