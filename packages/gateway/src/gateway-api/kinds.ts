// The kinds of the Gateway API by name, and the versions in which a server has them: the definitions may be ours, or the
// official ones of an older or a newer release.

import type { DiscoveredResource } from '@brume/client/discovery'
import type { ResourceRef } from '@brume/client/resource-ref'

export const GROUP = 'gateway.networking.k8s.io'
export const CONTROLLER_NAME = 'brume.dev/gateway'

export type Kind =
  | 'GatewayClass'
  | 'Gateway'
  | 'HTTPRoute'
  | 'GRPCRoute'
  | 'TLSRoute'
  | 'TCPRoute'
  | 'ReferenceGrant'
  | 'BackendTLSPolicy'

export const ROUTE_KINDS: readonly Kind[] = ['HTTPRoute', 'GRPCRoute', 'TLSRoute', 'TCPRoute']

const KINDS: ReadonlySet<string> = new Set<Kind>([
  ...ROUTE_KINDS,
  'GatewayClass',
  'Gateway',
  'ReferenceGrant',
  'BackendTLSPolicy',
])
/** The best first. All of them have the fields that are read here. */
const VERSIONS = ['v1', 'v1beta1', 'v1alpha3', 'v1alpha2']

/** Those that are served, each in its best version. */
export type ServedKinds = ReadonlyMap<Kind, ResourceRef>

export function servedKinds(resources: readonly DiscoveredResource[]): ServedKinds {
  const found = new Map<Kind, ResourceRef>()
  for (const { group, version, plural, kind, namespaced } of resources) {
    if (group !== GROUP || !KINDS.has(kind) || !VERSIONS.includes(version)) continue
    const known = found.get(kind as Kind)
    if (known !== undefined && VERSIONS.indexOf(known.version) <= VERSIONS.indexOf(version)) continue
    found.set(kind as Kind, { group, version, plural, kind, namespaced })
  }
  return found
}
