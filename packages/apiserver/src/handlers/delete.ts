// DELETE of one object: preconditions, finalizers, propagation, and the two phases of graceful deletion.

import type { KubeObject } from '@brume/api/object'
import type { ResourceDefinition } from '@brume/api/resource'
import { formatTime } from '@brume/base/clock'
import { conflict, isStatus, notFound } from '@brume/base/errors'
import { deepClone, deepEqual } from '@brume/base/values'
import type { Entry } from '@brume/store/contract'
import type { ApiResponse } from '../http/types.ts'
import { keyOf, objectOf } from '../registry/entries.ts'
import { type DeleteOptions, parseDeleteOptions } from '../request/delete-options.ts'
import { isFinished } from './change.ts'
import { admissionRequest, type RequestContext, targetOf } from './context.ts'
import { respondObject, respondSuccess } from './respond.ts'
import { currentForm, storageDefinition, toServed } from './versions.ts'
import { admit, commit, mutate, Reservations } from './write.ts'

const MAX_ATTEMPTS = 12
const ORPHAN = 'orphan'
const FOREGROUND = 'foregroundDeletion'
const INSTANCE_CLEANUP = 'customresourcecleanup.apiextensions.k8s.io'

/** Kinds whose delete answers with the object rather than with a Status, as in Kubernetes. */
const RETURNS_OBJECT = new Set([
  'pods',
  'persistentvolumes',
  'persistentvolumeclaims',
  'podtemplates',
  'resourcequotas',
  'serviceaccounts',
  'services',
])

export async function handleDelete(context: RequestContext): Promise<ApiResponse> {
  const options = await parseDeleteOptions(context.request)
  const { object, gone } = await deleteObject(context, options)
  const { definition } = context
  if (!gone || (definition.group === '' && RETURNS_OBJECT.has(definition.plural))) {
    return respondObject(context, 200, object)
  }
  return respondSuccess(context, {
    name: object.metadata.name,
    ...(definition.group === '' ? {} : { group: definition.group }),
    kind: definition.plural,
    uid: object.metadata.uid,
  })
}

export interface Deleted {
  /** The last state, in the request's version. */
  object: KubeObject
  /** false: deletion has begun; finalizers or a grace period hold the object. */
  gone: boolean
}

/** Deletes the object that `context.info` names. Throws NotFound, Conflict and what admission throws. */
export async function deleteObject(context: RequestContext, options: DeleteOptions): Promise<Deleted> {
  for (let attempt = 1; ; attempt++) {
    const key = keyOf(context.definition, context.info.namespace, context.info.name)
    const { store } = context.parts
    const current = store.getPending(key)
    try {
      if (current === undefined) throw notFound(targetOf(context))
      return await deleteOnce(context, options, current)
    } catch (error) {
      const raced = isStatus(error, 'Conflict') && store.getPending(key) !== current
      if (!raced || options.resourceVersion !== undefined || attempt >= MAX_ATTEMPTS) {
        // What it was refused for may be another's write that is not durable yet.
        await store.settled(key)
        throw error
      }
    }
  }
}

async function deleteOnce(context: RequestContext, options: DeleteOptions, current: Entry): Promise<Deleted> {
  const { parts, info } = context
  const definition = storageDefinition(parts.registry, context.definition)
  const old = currentForm(definition, objectOf(current))
  checkPreconditions(context, options, old)
  const admission = admissionRequest(context, {
    operation: 'DELETE',
    object: undefined,
    oldObject: old,
    dryRun: options.dryRun,
    name: info.name,
  })
  const object = markDeleted(context, definition, options, old)
  const finished = isFinished(definition, object)
  const reservations = new Reservations()
  try {
    await mutate(context, admission)
    await admit(context, admission, reservations)
    if (!options.dryRun) {
      if (!finished && deepEqual(object, old)) {
        await parts.store.settled(current.key)
        return { object: toServed(context.definition, old), gone: false }
      }
      await commit(context, definition, object, { kind: finished ? 'finish' : 'update', current })
    }
    return { object: toServed(context.definition, object), gone: finished }
  } finally {
    // A deletion takes nothing that outlasts it.
    reservations.release()
  }
}

function checkPreconditions(context: RequestContext, options: DeleteOptions, old: KubeObject): void {
  const { uid, resourceVersion } = options
  if (uid !== undefined && uid !== old.metadata.uid) {
    throw conflict(
      targetOf(context),
      `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${old.metadata.uid}`,
    )
  }
  if (resourceVersion !== undefined && resourceVersion !== old.metadata.resourceVersion) {
    throw conflict(
      targetOf(context),
      `Precondition failed: ResourceVersion in precondition: ${resourceVersion}, ResourceVersion in object meta: ${old.metadata.resourceVersion}`,
    )
  }
}

/** The object as it is once deletion was asked for: deletionTimestamp, grace period and finalizers set. */
function markDeleted(
  context: RequestContext,
  definition: ResourceDefinition,
  options: DeleteOptions,
  old: KubeObject,
): KubeObject {
  const object = deepClone(old)
  const { metadata } = object
  const finalizers = finalizersFor(options, metadata.finalizers ?? [])
  if (finalizers.length > 0) metadata.finalizers = finalizers
  else delete metadata.finalizers
  const grace = definition.gracePeriodSeconds?.(old, options.gracePeriodSeconds) ?? 0
  const already = metadata.deletionTimestamp !== undefined
  const now = context.parts.clock.now()
  if (!already) {
    metadata.deletionTimestamp = formatTime(now + grace * 1000)
    metadata.deletionGracePeriodSeconds = grace
    if (metadata.generation !== undefined) metadata.generation += 1
  } else if (grace < (metadata.deletionGracePeriodSeconds ?? 0)) {
    // A later request may only shorten the time.
    metadata.deletionTimestamp = formatTime(now + grace * 1000)
    metadata.deletionGracePeriodSeconds = grace
  }
  if (definition.group === '' && definition.plural === 'namespaces') {
    object['status'] = { ...object['status'], phase: 'Terminating' }
  }
  if (isCustomKind(definition) && !already) holdForInstances(object, formatTime(now))
  return object
}

function isCustomKind({ group, plural }: ResourceDefinition): boolean {
  return group === 'apiextensions.k8s.io' && plural === 'customresourcedefinitions'
}

/** A definition goes after its objects: a controller deletes these and then takes the finalizer away. */
function holdForInstances(definition: KubeObject, time: string): void {
  definition.metadata.finalizers = [...new Set([...(definition.metadata.finalizers ?? []), INSTANCE_CLEANUP])]
  const conditions: { type: string }[] = definition['status']?.conditions ?? []
  const terminating = {
    type: 'Terminating',
    status: 'True',
    lastTransitionTime: time,
    reason: 'InstanceDeletionPending',
    message: 'CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon',
  }
  definition['status'] = {
    ...definition['status'],
    conditions: [...conditions.filter(({ type }) => type !== 'Terminating'), terminating],
  }
}

/** Orphan and foreground deletion are finalizers that the garbage collector takes away. */
function finalizersFor({ propagation }: DeleteOptions, current: string[]): string[] {
  if (propagation === undefined) return current
  const rest = current.filter((finalizer) => finalizer !== ORPHAN && finalizer !== FOREGROUND)
  if (propagation === 'Orphan') return [...rest, ORPHAN]
  if (propagation === 'Foreground') return [...rest, FOREGROUND]
  return rest
}
