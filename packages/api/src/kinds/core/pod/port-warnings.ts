// Warnings about ports that are defined twice among the containers of a pod.

import { type Json, listOf } from '../../../validate/json.ts'
import { allContainers } from './windows.ts'

export function portWarnings(spec: Json, field: string): string[] {
  const warnings: string[] = []
  const known = new Map<string, { at: string; port: Json }[]>()
  for (const { container, at: containerAt } of allContainers(spec, field)) {
    for (const [i, port] of listOf(container.ports).entries()) {
      const at = `${containerAt}.ports[${i}]`
      if (port.hostIP && !port.hostPort) warnings.push(`${at}: hostIP set without hostPort: ${goPort(port)}`)
      const key = `${port.containerPort}/${port.protocol}`
      const others = known.get(key) ?? []
      for (const other of others) {
        const how = overlap(port, other.port)
        if (how !== undefined) warnings.push(`${at}: ${how} port definition with ${other.at}`)
      }
      known.set(key, [...others, { at, port }])
    }
  }
  return warnings
}

function overlap(port: Json, other: Json): 'duplicate' | 'overlapping' | undefined {
  const sameAddress = (port.hostIP ?? '') === (other.hostIP ?? '')
  const samePort = (port.hostPort ?? 0) === (other.hostPort ?? 0)
  if (sameAddress && samePort) return 'duplicate'
  if (!port.hostPort || !other.hostPort) return 'overlapping'
  const anyAddress = !port.hostIP || !other.hostIP
  return samePort && anyAddress ? 'overlapping' : undefined
}

/** Go's %+v of a ContainerPort. */
function goPort(port: Json): string {
  const { name = '', hostPort = 0, containerPort = 0, protocol = '', hostIP = '' } = port
  return `{Name:${name} HostPort:${hostPort} ContainerPort:${containerPort} Protocol:${protocol} HostIP:${hostIP}}`
}
