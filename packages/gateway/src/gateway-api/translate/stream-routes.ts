// TLSRoutes and TCPRoutes: whole connections. Of two for the same name, or the same port, the older has them.

import type { KubeObject } from '@brume/api/object'
import { listOf } from '@brume/api/validate/json'
import type { StreamRoute } from '../../model.ts'
import { ageOf } from '../../source.ts'
import type { Place } from './attachment.ts'
import { type BackendParts, targetsOf } from './backends.ts'
import type { Finding } from './condition.ts'

export function streamsOf(
  route: KubeObject,
  places: readonly Place[],
  parts: BackendParts,
): { streams: StreamRoute[]; dropped: string[]; rules: number; broken: Finding | undefined } {
  const rules = listOf(route['spec'].rules)
  const { namespace, name } = route.metadata
  const { targets, broken } = targetsOf(route, rules[0]?.backendRefs, parts)
  const id = (at: number) => `${route.kind.toLowerCase()}/${namespace}/${name}/0/${at}`
  const order = ageOf(route)
  const ports = new Map<string, number[]>()
  for (const { host, listener } of places) ports.set(host, [...(ports.get(host) ?? []), listener.port])
  return {
    // Each name is one of its own: another route may have some of them.
    streams: [...ports].map(([host, list], at) => ({
      ports: [...new Set(list)],
      host,
      id: id(at),
      order,
      targets: targets.filter(({ weight }) => weight > 0),
    })),
    // Connections have nothing by which one rule could be told from another.
    dropped: rules.slice(1).map((_, i) => `rules[${i + 1}]: only the first rule is served; make it one`),
    rules: rules.length,
    broken,
  }
}
