// What the status of a CRD should be: which of its names are accepted beside those of its group's other CRDs, and
// whether it is established. Pure: the naming and the establishing controller apply what is decided here.

import { deepEqual } from '@brume/base/values'
import type { KubeObject } from '../object.ts'

export interface CrdNames {
  plural: string
  singular?: string
  shortNames?: string[]
  kind: string
  listKind?: string
  categories?: string[]
}

export interface CrdCondition {
  type: string
  status: 'True' | 'False' | 'Unknown'
  reason?: string
  message?: string
  lastTransitionTime?: string | null
}

export interface CrdStatusDecision {
  acceptedNames: CrdNames
  /** Every condition that the CRD should have, those of others untouched. No times: see `stampConditions`. */
  conditions: CrdCondition[]
  storedVersions: string[]
  /** false: the CRD's status says all this already. */
  changed: boolean
}

/** `others` are all other CRDs (those of other groups do not matter). `established: true` is decided at once. */
export function decideCrdStatus(crd: KubeObject, others: readonly KubeObject[]): CrdStatusDecision {
  const status = crd['status'] ?? {}
  const current: CrdCondition[] = status.conditions ?? []
  const { acceptedNames, condition } = acceptNames(crd, others)
  const established = establishedCondition(current, condition)
  const conditions = withCondition(withCondition(current, condition), established)
  const storedVersions = storedVersionsOf(crd)
  const changed =
    !deepEqual(acceptedNames, status.acceptedNames) ||
    !deepEqual(storedVersions, status.storedVersions) ||
    !deepEqual(conditions, current)
  return { acceptedNames, conditions, storedVersions, changed }
}

/** The conditions with the time (RFC 3339) of those whose status is new. */
export function stampConditions(
  conditions: readonly CrdCondition[],
  current: readonly CrdCondition[],
  time: string,
): CrdCondition[] {
  return conditions.map((condition) => {
    const before = current.find((c) => c.type === condition.type)
    const same = before !== undefined && before.status === condition.status
    return { ...condition, lastTransitionTime: same ? (before.lastTransitionTime ?? time) : time }
  })
}

function acceptNames(
  crd: KubeObject,
  others: readonly KubeObject[],
): { acceptedNames: CrdNames; condition: CrdCondition } {
  const wanted: CrdNames = crd['spec'].names
  const accepted: Partial<CrdNames> = crd['status']?.acceptedNames ?? {}
  const taken = takenNames(crd, others)
  const result: Partial<CrdNames> = { ...accepted }
  let conflict: Pick<CrdCondition, 'reason' | 'message'> | undefined
  const claim = (
    field: 'plural' | 'singular' | 'kind' | 'listKind',
    names: ReadonlySet<string>,
    reason: string,
  ) => {
    const name = wanted[field] ?? ''
    if (name !== (accepted[field] ?? '') && names.has(name)) conflict = { reason, message: inUse(name) }
    else result[field] = name
  }
  claim('plural', taken.resources, 'PluralConflict')
  claim('singular', taken.resources, 'SingularConflict')
  const clashes = (wanted.shortNames ?? []).filter(
    (name) => !accepted.shortNames?.includes(name) && taken.resources.has(name),
  )
  if (clashes.length === 0) replace(result, 'shortNames', wanted.shortNames)
  else conflict = { reason: 'ShortNamesConflict', message: aggregate(clashes.map(inUse)) }
  claim('kind', taken.kinds, 'KindConflict')
  claim('listKind', taken.kinds, 'ListKindConflict')
  replace(result, 'categories', wanted.categories)
  const condition: CrdCondition =
    conflict === undefined
      ? { type: 'NamesAccepted', status: 'True', reason: 'NoConflicts', message: 'no conflicts found' }
      : { type: 'NamesAccepted', status: 'False', ...conflict }
  return { acceptedNames: withRequired(result), condition }
}

function takenNames(crd: KubeObject, others: readonly KubeObject[]) {
  const resources = new Set<string>()
  const kinds = new Set<string>()
  for (const other of others) {
    if (other['spec'].group !== crd['spec'].group || other.metadata.name === crd.metadata.name) continue
    const names: Partial<CrdNames> = other['status']?.acceptedNames ?? {}
    for (const name of [names.plural, names.singular, ...(names.shortNames ?? [])])
      if (name) resources.add(name)
    for (const name of [names.kind, names.listKind]) if (name) kinds.add(name)
  }
  return { resources, kinds }
}

function replace(
  names: Partial<CrdNames>,
  field: 'shortNames' | 'categories',
  value: string[] | undefined,
): void {
  if (value === undefined || value.length === 0) delete names[field]
  else names[field] = value
}

/** The wire form always has plural and kind. */
function withRequired(names: Partial<CrdNames>): CrdNames {
  const { singular, listKind, ...rest } = names
  return {
    ...rest,
    plural: names.plural ?? '',
    kind: names.kind ?? '',
    ...(singular ? { singular } : {}),
    ...(listKind ? { listKind } : {}),
  }
}

function establishedCondition(current: readonly CrdCondition[], names: CrdCondition): CrdCondition {
  const before = current.find((c) => c.type === 'Established')
  if (before?.status === 'True') return before
  if (names.status === 'True') {
    const message = 'the initial names have been accepted'
    return { type: 'Established', status: 'True', reason: 'InitialNamesAccepted', message }
  }
  return (
    before ?? {
      type: 'Established',
      status: 'False',
      reason: 'NotAccepted',
      message: 'not all names are accepted',
    }
  )
}

/** Replaces the condition of the type in its place; keeps its time where the status stays. */
function withCondition(conditions: readonly CrdCondition[], next: CrdCondition): CrdCondition[] {
  const at = conditions.findIndex((c) => c.type === next.type)
  if (at < 0) return [...conditions, next]
  const before = conditions[at]!
  const kept = before.status === next.status && before.lastTransitionTime !== undefined
  const merged = kept ? { ...next, lastTransitionTime: before.lastTransitionTime! } : next
  return conditions.with(at, merged)
}

function storedVersionsOf(crd: KubeObject): string[] {
  const stored: string[] = crd['status']?.storedVersions ?? []
  const versions: { name: string; storage: boolean }[] = crd['spec'].versions
  const storage = versions.find((version) => version.storage)?.name
  return storage === undefined || stored.includes(storage) ? stored : [...stored, storage]
}

const inUse = (name: string) => `${JSON.stringify(name)} is already in use`

/** As an aggregate of Go errors reads. */
function aggregate(messages: string[]): string {
  const distinct = [...new Set(messages)]
  return distinct.length === 1 ? distinct[0]! : `[${distinct.join(', ')}]`
}
