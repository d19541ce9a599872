// Variables that tell a container where the Services of its namespace are (NAME_SERVICE_HOST and the older link
// variables).

import type { KubeObject } from '@brume/api/object'
import { listOf } from '@brume/api/validate/json'

const MASTER_NAMESPACE = 'default'
const MASTER = 'kubernetes'

/**
 * Of those Services that have an address: the API server's own always, the namespace's others when `links`. By name,
 * so that a container gets the same order each time.
 */
export function serviceEnv(
  services: readonly KubeObject[],
  namespace: string,
  links: boolean,
): Map<string, string> {
  const chosen = new Map<string, KubeObject>()
  for (const service of services) {
    const { name = '', namespace: at } = service.metadata
    const { clusterIP } = service['spec']
    if (clusterIP === undefined || clusterIP === '' || clusterIP === 'None') continue
    if (links && at === namespace) chosen.set(name, service)
    else if (at === MASTER_NAMESPACE && name === MASTER && !chosen.has(name)) chosen.set(name, service)
  }
  const env = new Map<string, string>()
  for (const name of [...chosen.keys()].sort()) addService(env, chosen.get(name)!)
  return env
}

function addService(env: Map<string, string>, { metadata, spec }: KubeObject): void {
  const prefix = variableName(metadata.name ?? '')
  const ports = listOf(spec['ports'])
  const host: string = spec['clusterIP']
  env.set(`${prefix}_SERVICE_HOST`, host)
  if (ports.length === 0) return
  env.set(`${prefix}_SERVICE_PORT`, String(ports[0].port))
  for (const { name, port } of ports) {
    if (name) env.set(`${prefix}_SERVICE_PORT_${variableName(name)}`, String(port))
  }
  for (const [i, { port, protocol = 'TCP' }] of ports.entries()) {
    const url = `${protocol.toLowerCase()}://${host.includes(':') ? `[${host}]` : host}:${port}`
    const link = `${prefix}_PORT_${port}_${protocol.toUpperCase()}`
    if (i === 0) env.set(`${prefix}_PORT`, url)
    env.set(link, url)
    env.set(`${link}_PROTO`, protocol.toLowerCase())
    env.set(`${link}_PORT`, String(port))
    env.set(`${link}_ADDR`, host)
  }
}

function variableName(name: string): string {
  return name.replaceAll('-', '_').toUpperCase()
}
