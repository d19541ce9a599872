// The steps that every write shares: defaulting, admission, validation, ownership of fields, and the commit.
// Order (api-compat.md, trap 12): decode, default, mutate, default again, validate, validating plugins, quota, store.

import { type FieldError, invalidObject } from '@brume/api/field-error'
import type { KubeObject } from '@brume/api/object'
import type { ResourceDefinition, ValidateContext } from '@brume/api/resource'
import { decodeBuiltin } from '@brume/api/schema/decode'
import { validateObjectMeta } from '@brume/api/validate/metadata'
import { alreadyExists, conflict, OPTIMISTIC_LOCK, StatusError } from '@brume/base/errors'
import { deepClone } from '@brume/base/values'
import { type Entry, type Operation, StoreError } from '@brume/store/contract'
import type { AdmissionRequest } from '../admission/types.ts'
import { MAX_BODY_BYTES } from '../http/body.ts'
import { encodeEntry, keyOf, objectOf } from '../registry/entries.ts'
import { type RequestContext, targetOf } from './context.ts'
import { toServed } from './versions.ts'

/** Undo functions of reservations (quota, addresses); run when the write does not happen. */
export class Reservations {
  readonly #undo: (() => void)[] = []

  add(undo: (() => void) | undefined): void {
    if (undo !== undefined) this.#undo.push(undo)
  }

  release(): void {
    for (const undo of this.#undo.splice(0).reverse()) undo()
  }
}

/** Mutating plugins in order; the object is changed in place. */
export async function mutate(context: RequestContext, request: AdmissionRequest): Promise<void> {
  const plugins = context.parts.admission
  for (let i = 0; i < plugins.length; i++) {
    const pending = plugins[i]!.mutate?.(request)
    if (pending !== undefined) await pending
  }
}

/** Validating plugins, then reservations. */
export async function admit(
  context: RequestContext,
  request: AdmissionRequest,
  reservations: Reservations,
): Promise<void> {
  const plugins = context.parts.admission
  for (let i = 0; i < plugins.length; i++) {
    const pending = plugins[i]!.validate?.(request)
    if (pending !== undefined) await pending
  }
  for (let i = 0; i < plugins.length; i++) reservations.add(plugins[i]!.reserve?.(request))
}

export function allocate(
  context: RequestContext,
  definition: ResourceDefinition,
  change: { object: KubeObject; old: KubeObject | undefined; reservations: Reservations },
): void {
  for (const allocator of context.parts.allocators) {
    if (allocator.group === definition.group && allocator.plural === definition.plural) {
      change.reservations.add(allocator.allocate(change.object, change.old))
    }
  }
}

/** Throws 422 with all field errors of a new object. */
export function validateNew(
  context: RequestContext,
  definition: ResourceDefinition,
  object: KubeObject,
): void {
  const errors = [
    ...validateObjectMeta(object, {
      namespaced: definition.namespaced,
      validateName: definition.validateName,
    }),
    ...kindErrors(context, definition, object, { now: context.parts.clock.now() }),
    ...(definition.validateCreate?.(object, { now: context.parts.clock.now() }) ?? []),
  ]
  throwInvalid(definition, object, errors)
}

/** The rules of the version that the client speaks, where it has some of its own; else of the storage version. */
export function kindErrors(
  context: RequestContext,
  definition: ResourceDefinition,
  object: KubeObject,
  validation: ValidateContext,
): FieldError[] {
  const served = context.definition
  const own =
    served.conversion === undefined || served.plural !== definition.plural ? undefined : served.validate
  if (own === undefined) return definition.validate?.(object, validation) ?? []
  const old = validation.old && toServed(served, validation.old)
  return own(toServed(served, object), { ...validation, ...(old === undefined ? {} : { old }) })
}

export function throwInvalid(definition: ResourceDefinition, object: KubeObject, errors: FieldError[]): void {
  if (errors.length === 0) return
  throw invalidObject(
    { group: definition.group, kind: definition.kind, name: object.metadata.name ?? '' },
    errors,
  )
}

export function collectWarnings(
  context: RequestContext,
  definition: ResourceDefinition,
  change: { object: KubeObject; old: KubeObject | undefined },
): void {
  const texts = definition.warnings?.(change.object, change.old)
  if (texts !== undefined) context.warnings.push(...texts)
}

const emptyStatus = new WeakMap<ResourceDefinition, { status: unknown }>()

/** The status of a new object: Go's zero value for built-in kinds, none for custom ones. */
export function resetStatus(definition: ResourceDefinition, object: KubeObject): void {
  if (definition.custom === true) {
    delete object['status']
    return
  }
  let empty = emptyStatus.get(definition)
  if (empty === undefined) {
    const { value } = decodeBuiltin({ metadata: {} }, definition.schema)
    empty = { status: value['status'] }
    emptyStatus.set(definition, empty)
  }
  if (empty.status === undefined) delete object['status']
  else object['status'] = deepClone(empty.status)
}

export type PendingWrite =
  | { kind: 'create' }
  | { kind: 'update'; current: Entry }
  /** The last finalizer went: the update ends the object. */
  | { kind: 'finish'; current: Entry }

/** Patches make an object larger than any one body: it must still be written, sent and read in one piece. */
const MAX_OBJECT_BYTES = 2 * MAX_BODY_BYTES

function objectTooLarge(): StatusError {
  const message = `Request entity too large: the object would be larger than ${MAX_OBJECT_BYTES} bytes`
  return new StatusError('RequestEntityTooLarge', message)
}

/**
 * Commits `object` (in the storage version; it is frozen by this) and gives the stored object. Throws Conflict or
 * AlreadyExists when something else was written first.
 */
export async function commit(
  context: RequestContext,
  definition: ResourceDefinition,
  object: KubeObject,
  write: PendingWrite,
): Promise<Entry> {
  const { name = '', namespace = '' } = object.metadata
  if (object.metadata.managedFields?.length === 0) delete object.metadata.managedFields
  const key = keyOf(definition, namespace, name)
  const encode = (revision: number) => {
    const encoded = encodeEntry(object, revision)
    // What is on its way out may carry the little that says so.
    const isLeaving = object.metadata.deletionTimestamp !== undefined
    if (encoded.value.byteLength > MAX_OBJECT_BYTES && !isLeaving) throw objectTooLarge()
    return encoded
  }
  const { store, clock } = context.parts
  const expiresAt =
    definition.ttlSeconds === undefined ? {} : { expiresAt: clock.now() + definition.ttlSeconds * 1000 }
  const operation = (): Operation => {
    if (write.kind === 'create') return { kind: 'put', key, expect: { absent: true }, encode, ...expiresAt }
    const expect = { revision: write.current.revision }
    if (write.kind === 'finish') return { kind: 'delete', key, expect, encode }
    return { kind: 'put', key, expect, encode, ...expiresAt }
  }
  try {
    const entry = await store.commit(operation())
    context.written = { object, value: entry.value }
    return entry
  } catch (error) {
    if (!(error instanceof StoreError) || error.code !== 'conflict') throw error
    const target = { ...targetOf(context), name }
    throw write.kind === 'create' ? alreadyExists(target) : conflict(target, OPTIMISTIC_LOCK)
  }
}

export const committedObject = (entry: Entry): KubeObject => objectOf(entry)
