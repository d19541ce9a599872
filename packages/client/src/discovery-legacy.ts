// Discovery as it was before aggregation: a document of groups, then one of resources for each group and version.

import { parseApiVersion } from '@brume/api/resource'
import { StatusError } from '@brume/base/errors'
import type { Client } from './client.ts'
import type { DiscoveredResource, DiscoveryResult } from './discovery.ts'
import { groupVersionPath } from './resource-ref.ts'

interface GroupList {
  /** Of `/api`. */
  versions?: string[]
  /** Of `/apis`. */
  groups?: {
    name: string
    versions: { groupVersion: string }[]
    preferredVersion?: { groupVersion: string }
  }[]
}

interface ResourceList {
  resources?: {
    name: string
    singularName?: string
    namespaced: boolean
    kind: string
    verbs?: string[]
    shortNames?: string[]
    categories?: string[]
  }[]
}

/** A group and version that answers with an error is a failure of its own; the others are still given. */
export async function legacyResources(client: Client, roots: readonly GroupList[]): Promise<DiscoveryResult> {
  const resources: DiscoveredResource[] = []
  const failures = new Map<string, string>()
  for (const versions of orderedVersions(roots)) {
    const seen = new Set<string>()
    for (const apiVersion of versions) {
      const at = parseApiVersion(apiVersion)
      const list = await readList(client, at)
      if (list instanceof StatusError) failures.set(`${at.group}/${at.version}`, list.message)
      else resources.push(...decodeList(list, at, seen))
    }
  }
  return { resources, failures }
}

/** For each group its versions, the preferred one first. */
function orderedVersions(roots: readonly GroupList[]): string[][] {
  const ordered: string[][] = []
  for (const root of roots) {
    if (root.versions !== undefined && root.versions.length > 0) ordered.push(root.versions)
    for (const group of root.groups ?? []) {
      const preferred = group.preferredVersion?.groupVersion
      const all = group.versions.map((v) => v.groupVersion)
      ordered.push(preferred === undefined ? all : [preferred, ...all.filter((v) => v !== preferred)])
    }
  }
  return ordered
}

async function readList(
  client: Client,
  at: { group: string; version: string },
): Promise<ResourceList | StatusError> {
  try {
    return await client.json<ResourceList>({ method: 'GET', path: groupVersionPath(at) })
  } catch (error) {
    if (error instanceof StatusError) return error
    throw error
  }
}

function decodeList(
  list: ResourceList,
  at: { group: string; version: string },
  seen: Set<string>,
): DiscoveredResource[] {
  const all = list.resources ?? []
  return all
    .filter((r) => !r.name.includes('/'))
    .map((r) => {
      const preferred = !seen.has(r.name)
      seen.add(r.name)
      return {
        ...at,
        preferred,
        plural: r.name,
        kind: r.kind,
        namespaced: r.namespaced,
        singular: r.singularName ?? '',
        shortNames: r.shortNames ?? [],
        categories: r.categories ?? [],
        verbs: r.verbs ?? [],
        subresources: all
          .filter((s) => s.name.startsWith(`${r.name}/`))
          .map((s) => s.name.slice(r.name.length + 1)),
      }
    })
}
