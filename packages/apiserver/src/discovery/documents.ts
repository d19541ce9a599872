// The discovery documents as plain objects, each in Kubernetes' own form.

import { apiVersionOf, type ResourceDefinition } from '@brume/api/resource'
import { compareVersions, type ResourceRegistry, type ServedGroup } from '../registry/resources.ts'
import { apiResourcesOf, discoveryOf } from './api-resources.ts'

/** A group version that another server answers for this one (an APIService). */
export interface ForeignVersion {
  group: string
  version: string
  /** apidiscovery.k8s.io APIResourceDiscovery, as that server describes its kinds. */
  resources: readonly object[]
}

/** `/api`. `serverAddress` is host:port. */
export function apiVersions(registry: ResourceRegistry, serverAddress: string): object {
  return {
    kind: 'APIVersions',
    versions: registry.groups().find((g) => g.group === '')?.versions ?? [],
    serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress }],
  }
}

/** `/apis`. */
export function apiGroupList(registry: ResourceRegistry, foreign: readonly ForeignVersion[]): object {
  return { kind: 'APIGroupList', apiVersion: 'v1', groups: namedGroups(registry, foreign).map(groupOf) }
}

/** `/apis/GROUP`; undefined when the group is not served. */
export function apiGroup(
  registry: ResourceRegistry,
  foreign: readonly ForeignVersion[],
  group: string,
): object | undefined {
  const served = namedGroups(registry, foreign).find((g) => g.group === group)
  return served === undefined ? undefined : { kind: 'APIGroup', apiVersion: 'v1', ...groupOf(served) }
}

/** `/api/v1`, `/apis/GROUP/VERSION`; undefined when it is not served. */
export function apiResourceList(
  registry: ResourceRegistry,
  group: string,
  version: string,
): object | undefined {
  const definitions = byPlural(registry.inGroupVersion(group, version).filter(isResource))
  if (definitions.length === 0) return undefined
  return {
    kind: 'APIResourceList',
    ...(group === '' ? {} : { apiVersion: 'v1' }),
    groupVersion: apiVersionOf(group, version),
    resources: definitions.flatMap((definition) => apiResourcesOf(registry, definition)),
  }
}

/** The aggregated form of `/api`; `version` is that of apidiscovery.k8s.io. */
export function coreDiscoveryList(registry: ResourceRegistry, version: string): object {
  return discoveryList(
    registry.groups().filter((g) => g.group === ''),
    resourcesOf(registry, []),
    version,
  )
}

/** The aggregated form of `/apis`. */
export function groupDiscoveryList(
  registry: ResourceRegistry,
  foreign: readonly ForeignVersion[],
  version: string,
): object {
  return discoveryList(namedGroups(registry, foreign), resourcesOf(registry, foreign), version)
}

function discoveryList(
  groups: readonly ServedGroup[],
  resources: ReadonlyMap<string, readonly object[]>,
  version: string,
): object {
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: `apidiscovery.k8s.io/${version}`,
    metadata: {},
    items: groups.map(({ group, versions }) => ({
      metadata: { ...(group === '' ? {} : { name: group }), creationTimestamp: null },
      versions: versions.map((v) => ({
        version: v,
        resources: resources.get(`${group}/${v}`) ?? [],
        freshness: 'Current',
      })),
    })),
  }
}

function resourcesOf(
  registry: ResourceRegistry,
  foreign: readonly ForeignVersion[],
): Map<string, readonly object[]> {
  const resources = new Map<string, readonly object[]>()
  for (const { group, version, resources: theirs } of foreign) resources.set(`${group}/${version}`, theirs)
  for (const [key, own] of Map.groupBy(registry.all().filter(isResource), (d) => `${d.group}/${d.version}`)) {
    resources.set(key, byPlural(own).map(discoveryOf))
  }
  return resources
}

/** Kinds that are only the body of a subresource (TokenRequest) are no resources. */
const isResource = ({ verbs }: ResourceDefinition) => verbs.length > 0

/** Built-in groups in their order, then those of CRDs and of other servers by name. */
function namedGroups(registry: ResourceRegistry, foreign: readonly ForeignVersion[]): ServedGroup[] {
  const builtin = new Set(registry.all().flatMap((d) => (d.custom === true ? [] : [d.group])))
  const groups = new Map<string, Set<string>>()
  for (const { group, versions } of registry.groups()) if (group !== '') groups.set(group, new Set(versions))
  for (const { group, version } of foreign) groups.set(group, (groups.get(group) ?? new Set()).add(version))
  const all = [...groups].map(([group, versions]) => ({
    group,
    versions: [...versions].sort(compareVersions),
  }))
  const others = all.filter((g) => !builtin.has(g.group))
  others.sort((a, b) => (a.group < b.group ? -1 : 1))
  return [...all.filter((g) => builtin.has(g.group)), ...others]
}

function groupOf({ group, versions }: ServedGroup): object {
  const known = versions.map((version) => ({ groupVersion: `${group}/${version}`, version }))
  return { name: group, versions: known, preferredVersion: known[0] }
}

function byPlural(definitions: readonly ResourceDefinition[]): ResourceDefinition[] {
  return [...definitions].sort((a, b) => (a.plural < b.plural ? -1 : 1))
}
