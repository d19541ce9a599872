// Where a backend's connections go: the endpoints behind a Service's port. Pure.

import type { KubeObject } from '@brume/api/object'
import { listOf } from '@brume/api/validate/json'
import type { BackendRef } from './model.ts'

export interface Server {
  ip: string
  port: number
  /** It ends: it finishes what it has, and gets nothing new. */
  leaving?: true
}

export type Behind = { servers: Server[] } | { missing: string }

export interface ServiceSource {
  service(namespace: string, name: string): KubeObject | undefined
  slices(namespace: string, name: string): Iterable<KubeObject>
}

/** Ready ones, then those that end but still answer; while none is ready, these are asked. */
export function serversOf({ namespace, service: name, port }: BackendRef, source: ServiceSource): Behind {
  const service = source.service(namespace, name)
  if (service === undefined) return { missing: `Service ${namespace}/${name} does not exist` }
  const found = listOf(service['spec'].ports).find(
    (one) => one.name === port || String(one.port) === port || port === '',
  )
  if (found === undefined) return { missing: `Service ${namespace}/${name} has no port ${port}` }
  const family = isIPv6Alone(service) ? 'IPv6' : 'IPv4'
  const ready = new Map<string, Server>()
  const leaving = new Map<string, Server>()
  for (const slice of source.slices(namespace, name)) {
    const target = listOf(slice['ports']).find((one) => (one.name ?? '') === (found.name ?? ''))?.port
    if (target === undefined || slice['addressType'] !== family) continue
    for (const { addresses, conditions = {} } of listOf(slice['endpoints'])) {
      const server = { ip: addresses[0], port: target }
      const key = `${server.ip}:${target}`
      if (conditions.ready !== false) ready.set(key, server)
      else if (conditions.serving === true) leaving.set(key, server)
    }
  }
  const inOrder = (servers: Map<string, Server>) => [...servers].sort().map(([, server]) => server)
  if (ready.size === 0) return { servers: inOrder(leaving) }
  const going = inOrder(leaving).filter(({ ip, port: at }) => !ready.has(`${ip}:${at}`))
  return { servers: [...inOrder(ready), ...going.map((server) => ({ ...server, leaving: true as const }))] }
}

function isIPv6Alone({ spec }: KubeObject): boolean {
  const families: string[] = spec?.['ipFamilies'] ?? []
  return families.length > 0 && !families.includes('IPv4')
}
