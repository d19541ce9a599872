// What an applier owned and no longer sends goes away, unless somebody else owns it too.

import type { KubeObject } from '@brume/api/object'
import { difference, EMPTY_SET, type FieldSet, intersection, isEmpty, union } from './field-set.ts'
import { fieldSetOf, withNamedFields } from './field-set-of.ts'
import type { Managed } from './managed-entry.ts'
import { mergeTypeOf } from './merge-type.ts'
import { removeItems } from './remove-items.ts'
import { inVersion, type VersionedObject, type Versions } from './versions.ts'

/**
 * `merged` without the fields of `last` that no manager owns. `managed` ends with the applier's new set. What nobody
 * ever owned stays, such as defaults, unless it is within a list item that goes.
 */
export function prune(
  merged: KubeObject,
  last: Managed | undefined,
  managed: readonly Managed[],
  versions: Versions,
): KubeObject {
  if (last === undefined || isEmpty(last.set)) return merged
  const sends = managed.at(-1)
  if (sends?.apiVersion === last.apiVersion && isEmpty(difference(last.set, sends.set))) return merged
  const versioned = inVersion(merged, last.apiVersion, versions)
  if (versioned === undefined) return merged
  const lastSet = named(last.set, versioned)
  let kept = remove(versioned, lastSet)
  for (const [apiVersion, owned] of ownedByVersion(managed, last.apiVersion)) {
    kept = addBack(kept, { merged: versioned.object, apiVersion, owned, versions })
  }
  const back = inVersion(kept, last.apiVersion, versions)
  if (back === undefined) return merged
  const lost = difference(allPaths(versioned), allPaths(back))
  const pruned = remove(versioned, intersection(lost, lastSet))
  return inVersion(pruned, versions.apiVersion, versions)?.object ?? merged
}

/** Sets by version, that of `first` first: a conversion may need the fields it brings back. */
function ownedByVersion(managed: readonly Managed[], first: string): Map<string, FieldSet> {
  const byVersion = new Map<string, FieldSet>([[first, EMPTY_SET]])
  for (const { apiVersion, set } of managed) {
    byVersion.set(apiVersion, union(byVersion.get(apiVersion) ?? EMPTY_SET, set))
  }
  return byVersion
}

interface AddBack {
  merged: KubeObject
  apiVersion: string
  owned: FieldSet
  versions: Versions
}

/** `kept` with what somebody owns in that version, taken from `merged`. */
function addBack(kept: KubeObject, { merged, apiVersion, owned, versions }: AddBack): KubeObject {
  const all = inVersion(merged, apiVersion, versions)
  const some = inVersion(kept, apiVersion, versions)
  if (all === undefined || some === undefined) return kept
  const stays = union(allPaths(some), named(owned, all))
  return remove(all, difference(allPaths(all), stays))
}

function named(set: FieldSet, { schema }: VersionedObject): FieldSet {
  return withNamedFields(set, mergeTypeOf(schema))
}

function allPaths(versioned: VersionedObject): FieldSet {
  return named(fieldSetOf(versioned.object, versioned.schema), versioned)
}

function remove({ object, schema }: VersionedObject, set: FieldSet): KubeObject {
  return removeItems(object, set, mergeTypeOf(schema)) as KubeObject
}
