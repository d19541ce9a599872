// The port that a probe or hook means: a number, or the name of one of the container's ports.

import type { ContainerSpec } from '../contract.ts'

/** undefined: the container has no port of that name. */
export function containerPort(port: unknown, container: ContainerSpec): number | undefined {
  const asNumber = typeof port === 'number' ? port : /^\d+$/.test(String(port)) ? Number(port) : undefined
  if (asNumber !== undefined) return asNumber > 0 && asNumber < 65536 ? asNumber : undefined
  const ports: { name?: string; containerPort: number }[] = container['ports'] ?? []
  return ports.find(({ name }) => name === port)?.containerPort
}

/** As Kubernetes says it. */
export function unknownPort(port: unknown): string {
  return `couldn't find port: ${String(port)}`
}

/** host:port, with brackets round an IPv6 address. */
export function hostPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
