// The discovery documents as plain objects, each in Kubernetes' own form.

import { apiVersionOf, type ResourceDefinition } from '@brume/api/resource'
import type { ResourceRegistry, ServedGroup } from '../registry/resources.ts'
import { apiResourcesOf, discoveryOf } from './api-resources.ts'

/** `/api`. `serverAddress` is host:port. */
export function apiVersions(registry: ResourceRegistry, serverAddress: string): object {
  return {
    kind: 'APIVersions',
    versions: registry.groups().find((g) => g.group === '')?.versions ?? [],
    serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress }],
  }
}

/** `/apis`. */
export function apiGroupList(registry: ResourceRegistry): object {
  return { kind: 'APIGroupList', apiVersion: 'v1', groups: namedGroups(registry).map(groupOf) }
}

/** `/apis/GROUP`; undefined when the group is not served. */
export function apiGroup(registry: ResourceRegistry, group: string): object | undefined {
  const served = namedGroups(registry).find((g) => g.group === group)
  return served === undefined ? undefined : { kind: 'APIGroup', apiVersion: 'v1', ...groupOf(served) }
}

/** `/api/v1`, `/apis/GROUP/VERSION`; undefined when it is not served. */
export function apiResourceList(
  registry: ResourceRegistry,
  group: string,
  version: string,
): object | undefined {
  const definitions = byPlural(registry.inGroupVersion(group, version))
  if (definitions.length === 0) return undefined
  return {
    kind: 'APIResourceList',
    ...(group === '' ? {} : { apiVersion: 'v1' }),
    groupVersion: apiVersionOf(group, version),
    resources: definitions.flatMap((definition) => apiResourcesOf(registry, definition)),
  }
}

/** The aggregated form of `/api` (core) or `/apis`; `version` is that of apidiscovery.k8s.io. */
export function groupDiscoveryList(registry: ResourceRegistry, core: boolean, version: string): object {
  const definitions = Map.groupBy(registry.all(), (d) => `${d.group}/${d.version}`)
  const groups = core ? registry.groups().filter((g) => g.group === '') : namedGroups(registry)
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: `apidiscovery.k8s.io/${version}`,
    metadata: {},
    items: groups.map(({ group, versions }) => ({
      metadata: { ...(core ? {} : { name: group }), creationTimestamp: null },
      versions: versions.map((v) => ({
        version: v,
        resources: byPlural(definitions.get(`${group}/${v}`) ?? []).map(discoveryOf),
        freshness: 'Current',
      })),
    })),
  }
}

/** Built-in groups in their order, then those of CRDs by name. */
function namedGroups(registry: ResourceRegistry): ServedGroup[] {
  const builtin = new Set(registry.all().flatMap((d) => (d.custom === true ? [] : [d.group])))
  const groups = registry.groups().filter((g) => g.group !== '')
  const custom = groups.filter((g) => !builtin.has(g.group))
  custom.sort((a, b) => (a.group < b.group ? -1 : 1))
  return [...groups.filter((g) => builtin.has(g.group)), ...custom]
}

function groupOf({ group, versions }: ServedGroup): object {
  const known = versions.map((version) => ({ groupVersion: `${group}/${version}`, version }))
  return { name: group, versions: known, preferredVersion: known[0] }
}

function byPlural(definitions: readonly ResourceDefinition[]): ResourceDefinition[] {
  return [...definitions].sort((a, b) => (a.plural < b.plural ? -1 : 1))
}
