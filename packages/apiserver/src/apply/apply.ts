// Server-side apply: the merge of a configuration into the live object, with the bookkeeping of who owns what.

import type { KubeObject, ManagedFieldsEntry } from '@brume/api/object'
import { parseApiVersion } from '@brume/api/resource'
import { formatTime } from '@brume/base/clock'
import { badRequest, StatusError } from '@brume/base/errors'
import { deepEqual } from '@brume/base/values'
import { compare } from './compare.ts'
import { type Conflict, conflictError, conflictsOf } from './conflict.ts'
import {
  contains,
  difference,
  type FieldSet,
  intersection,
  isEmpty,
  recursiveDifference,
  union,
} from './field-set.ts'
import { fieldSetOf } from './field-set-of.ts'
import { fieldsLastApplied, withLastApplied } from './last-applied.ts'
import { encodeEntries, type Managed, sameManager, storedEntries } from './managed-entry.ts'
import { type ResetFields, resetSet, updateManagers } from './managed-fields.ts'
import { mergeTypeOf } from './merge-type.ts'
import { prune } from './prune.ts'
import { reconcileWithSchema } from './reconcile-schema.ts'
import { STRIP_SET } from './strip-set.ts'
import { typedErrors } from './typed-errors.ts'
import { mergeTyped } from './typed-merge.ts'
import { inVersion, type Versions } from './versions.ts'

export interface ApplyOptions extends Versions {
  /** undefined: the apply creates the object. */
  live: KubeObject | undefined
  /** What the client sent, decoded but not defaulted. */
  config: KubeObject
  manager: string
  /** Take fields over from their owners instead of failing. */
  force: boolean
  /** Of the request's endpoint; `live` is in this version, and `config` must be. */
  apiVersion: string
  subresource?: string
  /** Milliseconds since the epoch. */
  now: number
  /** Merged, but not owned. */
  resetFields?: ResetFields | undefined
}

export interface Applied {
  /** With its managedFields, not yet defaulted. Shares structure with `live` and `config`: clone before changing it. */
  object: KubeObject
  managedFields: ManagedFieldsEntry[]
  /** false: nothing changed, `object` is `live`. */
  changed: boolean
}

/** Who owned the fields of an object that has no managedFields when it is first applied. */
const BEFORE_FIRST_APPLY = 'before-first-apply'

/** This manager takes over from client-side apply, and keeps its annotation. */
const KUBECTL = 'kubectl'

/**
 * Applies `config` in the name of `manager`. Throws BadRequest for a configuration of another version or one that carries
 * managedFields, Unknown (as kube-apiserver) for one that is not of the schema's types, and Conflict when it
 * changes fields that others own and `force` is false.
 */
export function applyServerSide(options: ApplyOptions): Applied {
  const { live, config, schema, apiVersion, manager, force } = options
  checkConfig(config, options)
  const current = live === undefined ? undefined : withoutManagedFields(live)
  const managed = managersBefore(current, live, options)
  let outcome = applyOnce(current, managed, force, options)
  if (outcome.conflicts.length > 0 && manager === KUBECTL && current !== undefined) {
    const theirs = fieldsLastApplied(current, apiVersion, schema)
    if (theirs !== undefined) {
      const conflicts = outcome.conflicts.filter(({ path }) => !contains(theirs, path))
      outcome = conflicts.length > 0 ? { ...outcome, conflicts } : applyOnce(current, managed, true, options)
    }
  }
  if (outcome.conflicts.length > 0) throw conflictError(outcome.conflicts)
  return finish(outcome, options)
}

function checkConfig(config: KubeObject, { live, apiVersion, schema }: ApplyOptions): void {
  const { group, version } = parseApiVersion(config.apiVersion ?? '')
  const what = `${group}/${version}, Kind=${config.kind}`
  if (config.apiVersion !== apiVersion || (live !== undefined && config.kind !== live.kind)) {
    throw badRequest(`invalid object type: ${what}`)
  }
  if (config.metadata?.managedFields != null) throw badRequest('metadata.managedFields must be nil')
  const errors = typedErrors(config, mergeTypeOf(schema))
  if (errors.length === 0) return
  const { namespace = '', name = '' } = config.metadata ?? {}
  const text = errors.length === 1 ? errors[0] : ['errors:', ...errors.map((e) => `  ${e}`)].join('\n')
  throw new StatusError(
    'Unknown',
    `failed to create typed patch object (${namespace}/${name}; ${what}): ${text}`,
  )
}

function withoutManagedFields(object: KubeObject): KubeObject {
  if (object.metadata.managedFields === undefined) return object
  const { managedFields: _, ...metadata } = object.metadata
  return { ...object, metadata }
}

function managersBefore(
  current: KubeObject | undefined,
  live: KubeObject | undefined,
  options: ApplyOptions,
): Managed[] {
  const managed = storedEntries(live).map((entry) => {
    const versioned = current && inVersion(current, entry.apiVersion, options)
    return versioned === undefined
      ? entry
      : { ...entry, set: reconcileWithSchema(entry.set, versioned.schema) }
  })
  if (current === undefined || managed.length > 0) return managed
  return updateManagers([], { ...options, live: undefined, updated: current, manager: BEFORE_FIRST_APPLY })
}

interface Outcome {
  object: KubeObject
  changed: boolean
  managed: Managed[]
  conflicts: Conflict[]
}

function applyOnce(
  live: KubeObject | undefined,
  managed: readonly Managed[],
  force: boolean,
  options: ApplyOptions,
): Outcome {
  const { config, schema, manager, apiVersion, subresource = '', now, resetFields } = options
  const start = live ?? { apiVersion: config.apiVersion, kind: config.kind, metadata: {} }
  const merged = mergeTyped(start, withoutNullCreation(config), mergeTypeOf(schema)) as KubeObject
  const mine: Managed = {
    manager: manager === '' ? 'unknown' : manager,
    operation: 'Apply',
    apiVersion,
    subresource,
    time: undefined,
    set: recursiveDifference(fieldSetOf(config, schema), resetSet(resetFields)),
  }
  const last = managed.find((entry) => sameManager(entry, mine))
  const others = managed.filter((entry) => entry !== last)
  const object = prune(merged, last, [...others, mine], options)
  const changed = live === undefined || !deepEqual(live, object)
  mine.time = changed ? formatTime(now) : last?.time
  mine.set = difference(mine.set, STRIP_SET)
  const settled = changed ? settle(start, object, others, options) : { kept: others, conflicts: [] }
  if (settled.conflicts.length > 0 && !force)
    return { object, changed, managed: [], conflicts: settled.conflicts }
  return { object, changed, managed: [...settled.kept, mine], conflicts: [] }
}

/** Go clients write `creationTimestamp: null` for an object that they make, and mean nothing by it. */
function withoutNullCreation(config: KubeObject): KubeObject {
  if (config.metadata?.creationTimestamp !== null) return config
  const { creationTimestamp: _, ...metadata } = config.metadata
  return { ...config, metadata }
}

interface Settled {
  kept: Managed[]
  conflicts: Conflict[]
}

/** The other managers without what this apply changed or removed, and what they lose by change. */
function settle(
  live: KubeObject,
  object: KubeObject,
  others: readonly Managed[],
  options: ApplyOptions,
): Settled {
  const kept: Managed[] = []
  const lost: { entry: Managed; fields: FieldSet }[] = []
  const byVersion = new Map<string, ReturnType<typeof changesIn>>()
  for (const entry of others) {
    if (!byVersion.has(entry.apiVersion)) {
      byVersion.set(entry.apiVersion, changesIn(entry.apiVersion, live, object, options))
    }
    const changes = byVersion.get(entry.apiVersion)
    if (changes === undefined) continue
    const fields = intersection(entry.set, changes.written)
    if (!isEmpty(fields)) lost.push({ entry, fields })
    const set = difference(difference(entry.set, fields), changes.removed)
    if (!isEmpty(set)) kept.push(set === entry.set ? entry : { ...entry, set })
  }
  return { kept, conflicts: conflictsOf(lost) }
}

function changesIn(
  apiVersion: string,
  live: KubeObject,
  object: KubeObject,
  options: ApplyOptions,
): { written: FieldSet; removed: FieldSet } | undefined {
  const before = inVersion(live, apiVersion, options)
  const after = inVersion(object, apiVersion, options)
  if (before === undefined || after === undefined) return undefined
  const { added, modified, removed } = compare(before.object, after.object, after.schema)
  const reset = resetSet(options.resetFields)
  return {
    written: recursiveDifference(union(added, modified), reset),
    removed: recursiveDifference(removed, reset),
  }
}

function finish({ object, managed, changed }: Outcome, { live, config, manager }: ApplyOptions): Applied {
  const managedFields = encodeEntries(managed)
  const annotated = manager === KUBECTL ? withLastApplied(object, config) : object
  const stored = live?.metadata.managedFields ?? []
  if (live !== undefined && !changed && annotated === object && deepEqual(managedFields, stored)) {
    return { object: live, managedFields: stored, changed: false }
  }
  const metadata = { ...annotated.metadata, managedFields }
  return { object: { ...annotated, metadata }, managedFields, changed: true }
}
