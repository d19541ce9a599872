// Entries of metadata.managedFields with their sets: decoding, order, and the limit on update entries.

import type { KubeObject, ManagedFieldsEntry } from '@brume/api/object'
import { deepEqual } from '@brume/base/values'
import { EMPTY_SET, type FieldSet, isEmpty, union } from './field-set.ts'
import { FieldSetSyntaxError, formatFieldSet, parseFieldSet } from './field-set-json.ts'

/** As kube-apiserver. */
export const MAX_UPDATE_ENTRIES = 10
const OLD_UPDATES = 'ancient-changes'

export interface Managed {
  manager: string
  operation: 'Apply' | 'Update'
  apiVersion: string
  subresource: string
  time: string | undefined
  set: FieldSet
}

/** Equal for entries of one manager: appliers count as one whatever version they applied in. */
export function identity({
  manager,
  operation,
  subresource,
  apiVersion,
}: Omit<Managed, 'set' | 'time'>): string {
  return `${operation}\n${operation === 'Apply' ? '' : apiVersion}\n${subresource}\n${manager}`
}

export function sameManager(a: Managed, b: Managed): boolean {
  return identity(a) === identity(b)
}

/** Entries of a stored object: their sets were made or checked here before. */
export function storedEntries(object: KubeObject | undefined): Managed[] {
  return decodeEntries(object?.metadata.managedFields, (set) => (set ?? EMPTY_SET) as FieldSet) ?? []
}

/** undefined when an entry cannot be read, which discredits the whole list. */
export function decodeEntries(entries: unknown, decodeSet = parseFieldSet): Managed[] | undefined {
  if (entries === undefined || entries === null) return []
  if (!Array.isArray(entries)) return undefined
  const result = new Map<string, Managed>()
  for (const entry of entries as ManagedFieldsEntry[]) {
    if (typeof entry !== 'object' || entry === null) return undefined
    if (entry.operation !== 'Apply' && entry.operation !== 'Update') return undefined
    if (!entry.apiVersion || entry.fieldsType !== 'FieldsV1') return undefined
    const managed = {
      manager: entry.manager ?? '',
      operation: entry.operation,
      apiVersion: entry.apiVersion,
      subresource: entry.subresource ?? '',
      time: entry.time ?? undefined,
      set: EMPTY_SET,
    }
    try {
      managed.set = decodeSet(entry.fieldsV1)
    } catch (error) {
      if (error instanceof FieldSetSyntaxError) return undefined
      throw error
    }
    result.set(identity(managed), managed)
  }
  return [...result.values()]
}

/** The managers before an update: those that the request carries, or else the live object's. */
export function managersOf(
  live: KubeObject | undefined,
  updated: KubeObject,
  subresource: string,
): Managed[] {
  const sent = updated.metadata?.managedFields
  const stored = live?.metadata?.managedFields
  if (subresource === '' && sent !== stored) {
    if (isReset(sent)) return []
    const managed = decodeEntries(sent, (fieldsV1) => storedSet(fieldsV1, stored) ?? parseFieldSet(fieldsV1))
    if (managed !== undefined && managed.length > 0) return managed
  }
  return storedEntries(live)
}

/** Clients send back what they read: a set that is stored needs no parsing. */
function storedSet(fieldsV1: unknown, stored: readonly ManagedFieldsEntry[] = []): FieldSet | undefined {
  return stored.find((entry) => deepEqual(entry.fieldsV1, fieldsV1))?.fieldsV1 as FieldSet | undefined
}

/** A client asks to forget all managers with `[]` or `[{}]`. */
function isReset(entries: unknown): boolean {
  if (!Array.isArray(entries)) return false
  if (entries.length === 0) return true
  const [only] = entries
  return entries.length === 1 && typeof only === 'object' && only !== null && Object.keys(only).length === 0
}

/** The entries in the order that Kubernetes keeps; managers without fields are left out. */
export function encodeEntries(managed: readonly Managed[]): ManagedFieldsEntry[] {
  const present = managed.filter(({ set }) => !isEmpty(set))
  if (present.length > 1) present.sort(compareEntries)
  return present.map(encodeEntry)
}

function encodeEntry({
  manager,
  operation,
  apiVersion,
  subresource,
  time,
  set,
}: Managed): ManagedFieldsEntry {
  const entry: ManagedFieldsEntry =
    manager === '' ? { operation, apiVersion } : { manager, operation, apiVersion }
  if (time !== undefined) entry.time = time
  entry.fieldsType = 'FieldsV1'
  entry.fieldsV1 = formatFieldSet(set)
  if (subresource !== '') entry.subresource = subresource
  return entry
}

/** Whether the objects differ at most in the times of their managers, which alone are no reason to write. */
export function isSameBesideTimes(object: KubeObject, old: KubeObject): boolean {
  const { managedFields: now = [], ...metadata } = object.metadata
  const { managedFields: before = [], ...oldMetadata } = old.metadata
  if (now.length !== before.length || !deepEqual(metadata, oldMetadata)) return false
  const sameOwners = now.every((entry, i) => deepEqual({ ...entry, time: before[i]!.time }, before[i]))
  return sameOwners && deepEqual({ ...object, metadata: undefined }, { ...old, metadata: undefined })
}

function compareEntries(a: Managed, b: Managed): number {
  return (
    compareText(a.operation, b.operation) ||
    seconds(a) - seconds(b) ||
    compareText(a.manager, b.manager) ||
    compareText(a.apiVersion, b.apiVersion) ||
    compareText(a.subresource, b.subresource)
  )
}

function compareText(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1
}

function seconds({ time }: Managed): number {
  const ms = time === undefined ? 0 : Date.parse(time)
  return Number.isNaN(ms) ? 0 : Math.floor(ms / 1000)
}

/** Past MAX_UPDATE_ENTRIES the oldest update entries of a version become one, `ancient-changes`. */
export function capUpdates(managed: Managed[]): Managed[] {
  let excess = managed.filter(({ operation }) => operation === 'Update').length - MAX_UPDATE_ENTRIES
  if (excess <= 0) return managed
  const oldest = managed
    .filter(({ operation }) => operation === 'Update')
    .sort((a, b) => seconds(a) - seconds(b) || compareText(identity(a), identity(b)))
  const buckets = new Map<string, Managed>()
  const merged = new Set<Managed>()
  for (const entry of oldest) {
    if (excess <= 0) break
    const bucket = buckets.get(entry.apiVersion)
    if (bucket === undefined) {
      buckets.set(entry.apiVersion, { ...entry })
      merged.add(entry)
      continue
    }
    bucket.manager = OLD_UPDATES
    bucket.subresource = ''
    bucket.set = union(bucket.set, entry.set)
    bucket.time = entry.time
    merged.add(entry)
    excess--
  }
  return [...managed.filter((entry) => !merged.has(entry)), ...buckets.values()]
}
