// apidiscovery.k8s.io: one document that names every group, version and resource.

import type { DiscoveredResource, DiscoveryResult } from './discovery.ts'

export interface AggregatedList {
  kind: string
  items?: {
    metadata?: { name?: string }
    versions?: {
      version: string
      freshness?: string
      resources?: AggregatedResource[]
    }[]
  }[]
}

interface AggregatedResource {
  resource: string
  responseKind?: { kind?: string }
  scope: string
  singularResource?: string
  verbs?: string[]
  shortNames?: string[]
  categories?: string[]
  subresources?: { subresource: string }[]
}

/** Versions come in the server's order of preference. */
export function decodeAggregated(lists: readonly AggregatedList[]): DiscoveryResult {
  const resources: DiscoveredResource[] = []
  const failures = new Map<string, string>()
  for (const item of lists.flatMap((list) => list.items ?? [])) {
    const group = item.metadata?.name ?? ''
    const seen = new Set<string>()
    for (const { version, freshness, resources: served } of item.versions ?? []) {
      if (freshness === 'Stale') failures.set(`${group}/${version}`, 'its server is not available')
      for (const resource of served ?? []) {
        resources.push(decodeResource(resource, { group, version, preferred: !seen.has(resource.resource) }))
        seen.add(resource.resource)
      }
    }
  }
  return { resources, failures }
}

function decodeResource(
  resource: AggregatedResource,
  at: { group: string; version: string; preferred: boolean },
): DiscoveredResource {
  return {
    ...at,
    plural: resource.resource,
    kind: resource.responseKind?.kind ?? '',
    namespaced: resource.scope === 'Namespaced',
    singular: resource.singularResource ?? '',
    shortNames: resource.shortNames ?? [],
    categories: resource.categories ?? [],
    verbs: resource.verbs ?? [],
    subresources: (resource.subresources ?? []).map((s) => s.subresource),
  }
}
