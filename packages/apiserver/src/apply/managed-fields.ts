// Who owns which fields after a write that is not an apply: whoever wrote a value owns its field. Runs on every write.

import type { KubeObject, ManagedFieldsEntry } from '@brume/api/object'
import { zeroObject } from '@brume/api/schema/decode'
import type { ObjectSchema } from '@brume/api/schema/schema'
import { formatTime } from '@brume/base/clock'
import { compare } from './compare.ts'
import {
  difference,
  EMPTY_SET,
  type FieldSet,
  fieldSetOfPaths,
  isEmpty,
  recursiveDifference,
  union,
} from './field-set.ts'
import { setOfNew } from './known-shapes.ts'
import { capUpdates, encodeEntries, type Managed, managersOf, sameManager } from './managed-entry.ts'
import { reconcileWithSchema } from './reconcile-schema.ts'
import { STRIP_SET } from './strip-set.ts'
import { inVersion, type VersionedObject, type Versions } from './versions.ts'

export interface UpdateManagedFieldsOptions extends Versions {
  /** undefined: the object is created. */
  live: KubeObject | undefined
  /** The object as it will be stored, but for managedFields: those are what the client sent, or absent. */
  updated: KubeObject
  /** `fieldManager` of the request, or the start of its user agent. */
  manager: string
  operation?: 'Update'
  /** Of `updated`, e.g. apps/v1. `live` is in the same version. */
  apiVersion: string
  /** '' for the object itself. */
  subresource?: string
  /** Milliseconds since the epoch. */
  now: number
  resetFields?: ResetFields | undefined
}

/** What an endpoint does not write, e.g. `[['status']]` on the main one, as paths or as a set: never owned through it. */
export type ResetFields = FieldSet | readonly (readonly string[])[]

/**
 * metadata.managedFields for `updated`. Fields that the write added or changed become the manager's and nobody else's,
 * removed ones nobody's. A write that changes no field leaves the entries as they are, with their times. The list is
 * empty for an object whose managers were reset until it is applied. Inputs are left alone.
 */
export function updateManagedFields(options: UpdateManagedFieldsOptions): ManagedFieldsEntry[] {
  const { live, updated, subresource = '' } = options
  const managed = managersOf(live, updated, subresource)
  if (managed.length === 0 && live !== undefined) return []
  const result = updateManagers(managed, options)
  const stored = live?.metadata.managedFields
  if (result === managed && stored !== undefined && updated.metadata.managedFields === stored) return stored
  return encodeEntries(result)
}

/** `managed` itself when nothing changed hands. */
export function updateManagers(managed: Managed[], options: UpdateManagedFieldsOptions): Managed[] {
  const { live, manager, apiVersion, subresource = '', now } = options
  let kept = managed
  let written: FieldSet
  if (live === undefined && managed.length === 0) {
    written = writtenAnew(options)
  } else {
    const changes = changesIn(apiVersion, options)
    if (changes === undefined || isEmpty(changes.touched)) return managed
    kept = disown(managed, changes, options)
    written = difference(changes.written, STRIP_SET)
  }
  if (isEmpty(written)) return kept
  const mine: Managed = {
    manager: manager === '' ? 'unknown' : manager,
    operation: 'Update',
    apiVersion,
    subresource,
    time: formatTime(now),
    set: written,
  }
  const at = kept.findIndex((other) => sameManager(other, mine))
  if (at < 0) kept.push(mine)
  else kept[at] = { ...mine, set: union(written, kept[at]!.set) }
  return capUpdates(kept)
}

/** What the manager of a new object owns. */
function writtenAnew(options: UpdateManagedFieldsOptions): FieldSet {
  const { apiVersion, resetFields } = options
  const after = inVersion(options.updated, apiVersion, options)
  if (after === undefined) return EMPTY_SET
  const { object, schema } = after
  const make = () => difference(changesBetween(undefined, after, resetFields).written, STRIP_SET)
  return setOfNew(object, { schema, reset: resetFields }, make)
}

interface VersionChanges {
  /** Added and modified. */
  written: FieldSet
  /** Removed too. */
  touched: FieldSet
  schema: ObjectSchema
}

/** undefined when the version is not served any more. */
function changesIn(apiVersion: string, options: UpdateManagedFieldsOptions): VersionChanges | undefined {
  const { live, updated } = options
  const after = inVersion(updated, apiVersion, options)
  const before = live === undefined ? undefined : inVersion(live, apiVersion, options)
  if (after === undefined || (live !== undefined && before === undefined)) return undefined
  return changesBetween(before, after, options.resetFields)
}

function changesBetween(
  before: VersionedObject | undefined,
  after: VersionedObject,
  resetFields: ResetFields | undefined,
): VersionChanges {
  const { added, modified, removed } = compare(
    before?.object ?? emptyObject(after.schema),
    after.object,
    after.schema,
  )
  const reset = resetSet(resetFields)
  const written = recursiveDifference(union(added, modified), reset)
  return { written, touched: union(written, recursiveDifference(removed, reset)), schema: after.schema }
}

export function resetSet(fields: ResetFields | undefined): FieldSet {
  if (fields === undefined) return EMPTY_SET
  return Array.isArray(fields) ? fieldSetOfPaths(fields) : (fields as FieldSet)
}

const emptyObjects = new WeakMap<ObjectSchema, object>()

/** What a new object is compared with: for built-in kinds what Go shows of one in which nothing was set. */
function emptyObject(schema: ObjectSchema): object {
  let empty = emptyObjects.get(schema)
  if (empty === undefined) {
    empty = schema.goType === undefined ? {} : zeroObject(schema)
    emptyObjects.set(schema, empty)
  }
  return empty
}

/** The managers without what was touched; those of versions that are gone are dropped. */
function disown(managed: Managed[], current: VersionChanges, options: UpdateManagedFieldsOptions): Managed[] {
  const versions = new Map<string, VersionChanges | undefined>([[options.apiVersion, current]])
  const kept: Managed[] = []
  for (const entry of managed) {
    if (!versions.has(entry.apiVersion)) versions.set(entry.apiVersion, changesIn(entry.apiVersion, options))
    const changes = versions.get(entry.apiVersion)
    if (changes === undefined) continue
    const set = difference(reconcileWithSchema(entry.set, changes.schema), changes.touched)
    if (!isEmpty(set)) kept.push(set === entry.set ? entry : { ...entry, set })
  }
  return kept
}
