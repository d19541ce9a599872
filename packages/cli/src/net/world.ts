// What the API says of a cloud's network: everything that decides whether a pod reaches something.

import { isIP } from 'node:net'
import type { KubeObject } from '@brume/api/object'
import { listOf } from '@brume/api/validate/json'
import { ENDPOINT_SLICES, NAMESPACES, NETWORK_POLICIES, NODES, PODS, SERVICES } from '@brume/client/builtin'
import type { Client } from '@brume/client/client'
import type { ResourceRef } from '@brume/client/resource-ref'

export interface NetworkWorld {
  pods: readonly KubeObject[]
  namespaces: ReadonlyMap<string, KubeObject>
  policies: readonly KubeObject[]
  services: readonly KubeObject[]
  slices: readonly KubeObject[]
  nodes: readonly KubeObject[]
}

export async function networkWorld(client: Client): Promise<NetworkWorld> {
  const all = async (ref: ResourceRef) => (await client.resource(ref).list({})).items
  const [pods, namespaces, policies, services, slices, nodes] = await Promise.all(
    [PODS, NAMESPACES, NETWORK_POLICIES, SERVICES, ENDPOINT_SLICES, NODES].map(all),
  )
  return {
    pods: pods!,
    namespaces: new Map(namespaces!.map((namespace) => [namespace.metadata.name ?? '', namespace])),
    policies: policies!,
    services: services!,
    slices: slices!,
    nodes: nodes!,
  }
}

export function find(
  objects: readonly KubeObject[],
  { namespace, name }: { namespace: string; name: string },
): KubeObject | undefined {
  return objects.find(({ metadata }) => metadata.namespace === namespace && metadata.name === name)
}

/** `shop/web` of another namespace, `web` of this one. */
export function shortName({ metadata }: KubeObject, namespace: string): string {
  return metadata.namespace === namespace ? metadata.name! : `${metadata.namespace}/${metadata.name}`
}

export function portsOf({ spec }: KubeObject): { name?: string; containerPort: number }[] {
  return listOf(spec!['containers'])
    .flatMap(({ ports }) => listOf(ports))
    .map(({ name, containerPort }) => ({ name, containerPort }))
}

export function ipOf({ status }: KubeObject, family: 4 | 6): string | undefined {
  return listOf(status?.['podIPs'])
    .map(({ ip }) => ip)
    .find((ip) => isIP(ip) === family)
}
