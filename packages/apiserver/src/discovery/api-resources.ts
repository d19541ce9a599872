// What discovery says of one kind: the resource and its subresources, in the plain and in the aggregated form.

import { createHash } from 'node:crypto'
import type { ResourceDefinition, SubresourceDefinition } from '@brume/api/resource'
import type { ResourceRegistry } from '../registry/resources.ts'

const SUBRESOURCE_VERBS = ['get', 'patch', 'update']

/** metav1.APIResource of the resource and of each subresource, in order of their names. */
export function apiResourcesOf(registry: ResourceRegistry, definition: ResourceDefinition): object[] {
  const { group, version, namespaced } = definition
  const main = {
    name: definition.plural,
    singularName: definition.singular,
    namespaced,
    kind: definition.kind,
    verbs: definition.verbs,
    ...(definition.shortNames.length === 0 ? {} : { shortNames: definition.shortNames }),
    ...(definition.categories.length === 0 ? {} : { categories: definition.categories }),
    ...storageHash(registry, definition),
  }
  const rest = subresourcesOf(definition).map((sub) => ({
    name: `${definition.plural}/${sub.name}`,
    singularName: '',
    namespaced,
    ...(sub.group === group && sub.version === version ? {} : { group: sub.group, version: sub.version }),
    kind: sub.kind,
    verbs: sub.verbs,
  }))
  return [main, ...rest]
}

/** apidiscovery.k8s.io APIResourceDiscovery. */
export function discoveryOf(definition: ResourceDefinition): object {
  const { group, version, kind } = definition
  const subresources = subresourcesOf(definition).map((sub) => ({
    subresource: sub.name,
    responseKind: { group: sub.group, version: sub.version, kind: sub.kind },
    verbs: sub.verbs,
  }))
  return {
    resource: definition.plural,
    responseKind: { group, version, kind },
    scope: definition.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: definition.singular,
    verbs: definition.verbs,
    ...(definition.shortNames.length === 0 ? {} : { shortNames: definition.shortNames }),
    ...(definition.categories.length === 0 ? {} : { categories: definition.categories }),
    ...(subresources.length === 0 ? {} : { subresources }),
  }
}

type Subresource = Required<SubresourceDefinition>

function subresourcesOf(definition: ResourceDefinition): Subresource[] {
  const { group, version, kind } = definition
  const all: SubresourceDefinition[] = [...definition.subresources]
  if (definition.hasStatus) all.push({ name: 'status', kind, verbs: SUBRESOURCE_VERBS })
  if (definition.scale !== undefined) {
    all.push({ name: 'scale', kind: 'Scale', group: 'autoscaling', version: 'v1', verbs: SUBRESOURCE_VERBS })
  }
  return all
    .map((sub) => ({ group, version, ...sub }))
    .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
}

/** Tells clients when the version in which a resource is stored changes; virtual kinds are not stored. */
function storageHash(
  registry: ResourceRegistry,
  definition: ResourceDefinition,
): { storageVersionHash?: string } {
  if (!definition.stored) return {}
  const { storageGroup, storageVersion } = definition.conversion ?? {
    storageGroup: definition.group,
    storageVersion: definition.version,
  }
  const kind = registry.lookup(storageGroup, storageVersion, definition.plural)?.kind ?? definition.kind
  const digest = createHash('sha256').update(`${storageGroup}/${storageVersion}/${kind}`).digest()
  return { storageVersionHash: digest.subarray(0, 8).toString('base64') }
}
