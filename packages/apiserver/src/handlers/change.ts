// Read-modify-write of one object: the shared path of update, patch, apply and the subresources that change their
// parent. Compare-and-swap on the store's revision; a change without a resourceVersion of its own is tried again on
// the newest state.

import type { KubeObject } from '@brume/api/object'
import type { ResourceDefinition } from '@brume/api/resource'
import { validateObjectMeta, validateObjectMetaUpdate } from '@brume/api/validate/metadata'
import { conflict, isStatus, notFound, OPTIMISTIC_LOCK } from '@brume/base/errors'
import { deepClone, deepEqual } from '@brume/base/values'
import type { Entry } from '@brume/store/contract'
import { isSameBesideTimes } from '../apply/managed-entry.ts'
import { keyOf, objectOf } from '../registry/entries.ts'
import type { WriteOptions } from '../request/options.ts'
import { admissionRequest, type RequestContext, targetOf } from './context.ts'
import { trackFields } from './managed-fields.ts'
import { currentForm, storageDefinition, toServed, toStored } from './versions.ts'
import {
  admit,
  allocate,
  collectWarnings,
  commit,
  kindErrors,
  mutate,
  Reservations,
  throwInvalid,
} from './write.ts'

/** Kubernetes retries a patch five times; unconditional updates until they win. This bounds both. */
const MAX_ATTEMPTS = 12

export interface Change {
  /**
   * The wanted object in the request's version, from the current one (frozen, same version). Called again on
   * every attempt. A metadata.resourceVersion in the result makes the change conditional.
   */
  next(current: KubeObject): KubeObject | Promise<KubeObject>
  options: Pick<WriteOptions, 'dryRun' | 'fieldManager'>
  /**
   * What of `next` this endpoint may change, given both in the storage version. Default: all but status for the main
   * resource, only status for `status`.
   */
  restrict?(next: KubeObject, old: KubeObject): KubeObject
  /** managedFields are already set by `next` (server-side apply). */
  tracked?: boolean
  /** The payload that admission sees for subresources with a body of their own. */
  payload?: KubeObject
  /** Rules of this endpoint instead of validateUpdate. */
  validate?(
    object: KubeObject,
    old: KubeObject,
  ): ReturnType<NonNullable<ResourceDefinition['validateUpdate']>>
  /** Runs while the current object does not exist: creates it or throws NotFound (the default). */
  whenMissing?(): Promise<KubeObject>
}

export interface Changed {
  /** In the request's version. */
  object: KubeObject
  created: boolean
}

/** Applies `change` durably. Throws NotFound, Conflict, Invalid and what admission throws. */
export async function changeObject(context: RequestContext, change: Change): Promise<Changed> {
  const { info, definition, parts } = context
  const key = keyOf(definition, info.namespace, info.name)
  // Those of the body stay; those of an attempt are said again by the next one.
  const warned = context.warnings.length
  for (let attempt = 1; ; attempt++) {
    const current = parts.store.getPending(key)
    try {
      if (current === undefined) {
        if (change.whenMissing === undefined) throw notFound(targetOf(context))
        return { object: await change.whenMissing(), created: true }
      }
      return { object: await changeOnce(context, change, current), created: false }
    } catch (error) {
      const raced = isRace(error) || (current === undefined && isStatus(error, 'AlreadyExists'))
      if (!raced || attempt >= MAX_ATTEMPTS) {
        // What it was refused for may be another's write that is not durable yet.
        await parts.store.settled(key)
        throw error
      }
      context.warnings.length = warned
    }
  }
}

/** Marks a conflict that is not the client's: it named no resourceVersion. */
const raceConflicts = new WeakSet<object>()
const isRace = (error: unknown) => typeof error === 'object' && error !== null && raceConflicts.has(error)

async function changeOnce(context: RequestContext, change: Change, current: Entry): Promise<KubeObject> {
  const { parts } = context
  const definition = storageDefinition(parts.registry, context.definition)
  const old = currentForm(definition, objectOf(current))
  const wanted = await change.next(toServed(context.definition, old))
  const conditional = (wanted.metadata.resourceVersion ?? '') !== ''
  checkPreconditions(context, wanted, old)
  let object = toStored(context.definition, wanted)
  keepServerMetadata(object, old)
  object = restrict(context, definition, change, { object, old })
  definition.setDefaults?.(object)
  const admission = admissionRequest(context, {
    operation: 'UPDATE',
    object,
    oldObject: old,
    dryRun: change.options.dryRun,
    name: context.info.name,
    ...(change.payload === undefined ? {} : { payload: change.payload }),
  })
  const reservations = new Reservations()
  try {
    if (change.tracked !== true) {
      trackFields(context, { live: old, updated: object, manager: change.options.fieldManager })
    }
    await mutate(context, admission)
    definition.setDefaults?.(object)
    allocate(context, definition, { object, old, reservations })
    if (definition.hasGeneration) {
      object.metadata.generation = generationOf(context, definition, { object, old })
    }
    validateChange(context, definition, change, { object, old })
    collectWarnings(context, definition, { object, old })
    await admit(context, admission, reservations)
    if (change.options.dryRun || isSameBesideTimes(object, objectOf(current))) {
      reservations.release()
      await parts.store.settled(current.key)
      return change.options.dryRun ? toServed(context.definition, object) : toServed(context.definition, old)
    }
    const kind = isFinished(definition, object) ? 'finish' : 'update'
    await commit(context, definition, object, { kind, current })
    return toServed(context.definition, object)
  } catch (error) {
    reservations.release()
    if (!conditional && isStatus(error, 'Conflict') && parts.store.getPending(current.key) !== current) {
      raceConflicts.add(error)
    }
    throw error
  }
}

function checkPreconditions(context: RequestContext, wanted: KubeObject, old: KubeObject): void {
  const { uid = '', resourceVersion = '' } = wanted.metadata
  if (uid !== '' && uid !== old.metadata.uid) {
    throw conflict(
      targetOf(context),
      `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${old.metadata.uid}`,
    )
  }
  if (resourceVersion !== '' && resourceVersion !== '0' && resourceVersion !== old.metadata.resourceVersion) {
    throw conflict(targetOf(context), OPTIMISTIC_LOCK)
  }
}

/** What no client may change. */
function keepServerMetadata(object: KubeObject, old: KubeObject): void {
  const { metadata } = object
  metadata.uid = old.metadata.uid!
  metadata.creationTimestamp = old.metadata.creationTimestamp ?? null
  metadata.name ??= old.metadata.name!
  if (old.metadata.namespace !== undefined && (metadata.namespace ?? '') === '') {
    metadata.namespace = old.metadata.namespace
  }
  if (old.metadata.generation === undefined) delete metadata.generation
  else metadata.generation = old.metadata.generation
  for (const field of ['deletionTimestamp', 'deletionGracePeriodSeconds'] as const) {
    if (old.metadata[field] === undefined) delete metadata[field]
    else Object.assign(metadata, { [field]: old.metadata[field] })
  }
  metadata.resourceVersion = old.metadata.resourceVersion!
}

function restrict(
  context: RequestContext,
  definition: ResourceDefinition,
  change: Change,
  { object, old }: { object: KubeObject; old: KubeObject },
): KubeObject {
  if (change.restrict !== undefined) return change.restrict(object, old)
  if (context.info.subresource === 'status') return statusOnly(definition, object, old)
  if (definition.hasStatus) {
    if (old['status'] === undefined) delete object['status']
    else object['status'] = old['status']
  }
  definition.prepareForUpdate?.(object, old)
  return object
}

/** The old object with the new status, and those changes of the metadata that count for this kind. */
function statusOnly(definition: ResourceDefinition, object: KubeObject, old: KubeObject): KubeObject {
  const result: KubeObject = { ...old, metadata: { ...object.metadata } }
  if (definition.custom || definition.statusKeepsMetadata === 'all') {
    result.metadata = { ...old.metadata, managedFields: object.metadata.managedFields ?? [] }
  } else if (definition.statusKeepsMetadata === 'labels') {
    if (old.metadata.labels === undefined) delete result.metadata.labels
    else result.metadata.labels = old.metadata.labels
  }
  if (object['status'] === undefined) delete result['status']
  else result['status'] = object['status']
  return deepClone(result)
}

function generationOf(
  context: RequestContext,
  definition: ResourceDefinition,
  { object, old }: { object: KubeObject; old: KubeObject },
): number {
  const generation = old.metadata.generation ?? 1
  if (context.info.subresource === 'status') return generation
  const fields = new Set([...Object.keys(object), ...Object.keys(old)])
  for (const field of fields) {
    if (field === 'metadata' || (field === 'status' && (definition.hasStatus || !definition.custom))) continue
    if (!deepEqual(object[field], old[field])) return generation + 1
  }
  const annotated =
    definition.generationFollowsAnnotations === true &&
    !deepEqual(object.metadata.annotations ?? {}, old.metadata.annotations ?? {})
  return annotated ? generation + 1 : generation
}

function validateChange(
  context: RequestContext,
  definition: ResourceDefinition,
  change: Change,
  { object, old }: { object: KubeObject; old: KubeObject },
): void {
  const validation = { now: context.parts.clock.now(), old }
  const errors = [
    ...validateObjectMeta(object, {
      namespaced: definition.namespaced,
      validateName: definition.validateName,
    }),
    ...validateObjectMetaUpdate(object, old),
  ]
  if (change.validate !== undefined) errors.push(...change.validate(object, old))
  else if (context.info.subresource === 'status') {
    errors.push(...(definition.validateStatusUpdate?.(object, old, validation) ?? []))
    if (definition.custom) errors.push(...kindErrors(context, definition, object, validation))
  } else {
    errors.push(...kindErrors(context, definition, object, validation))
    errors.push(...(definition.validateUpdate?.(object, old, validation) ?? []))
  }
  throwInvalid(definition, object, errors)
}

/** Deletion was asked for and nothing holds the object back any more. */
export function isFinished(definition: ResourceDefinition, object: KubeObject): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds = 0, finalizers = [] } = object.metadata
  if (deletionTimestamp === undefined || finalizers.length > 0) return false
  if (definition.gracePeriodSeconds !== undefined && deletionGracePeriodSeconds > 0) return false
  return !(definition.plural === 'namespaces' && (object['spec']?.finalizers ?? []).length > 0)
}
