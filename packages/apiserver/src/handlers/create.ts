// POST of a new object.

import type { KubeObject } from '@brume/api/object'
import { apiVersionOf } from '@brume/api/resource'
import { formatTime } from '@brume/base/clock'
import { alreadyExists, badRequest, isStatus, StatusError } from '@brume/base/errors'
import { deepClone } from '@brume/base/values'
import type { ApiResponse } from '../http/types.ts'
import { keyOf } from '../registry/entries.ts'
import { decodeObject, parseBody } from '../request/decode.ts'
import { parseWriteOptions, type WriteOptions } from '../request/options.ts'
import { admissionRequest, type RequestContext, targetOf } from './context.ts'
import { trackFields } from './managed-fields.ts'
import { respondObject } from './respond.ts'
import { storageDefinition, toServed, toStored } from './versions.ts'
import {
  admit,
  allocate,
  collectWarnings,
  commit,
  mutate,
  Reservations,
  resetStatus,
  validateNew,
} from './write.ts'

const GENERATE_NAME_ATTEMPTS = 8
const MAX_GENERATED_BASE = 58

/** Creates the object of the body and answers 201 with it. */
export async function handleCreate(context: RequestContext): Promise<ApiResponse> {
  const { object, options } = await readCreate(context)
  const created = await createObject(context, object, options)
  return respondObject(context, 201, created)
}

/** The body and the options of a POST. */
export async function readCreate(
  context: RequestContext,
): Promise<{ object: KubeObject; options: WriteOptions }> {
  const { request, definition } = context
  const options = parseWriteOptions(request.query, {
    optionsKind: 'CreateOptions',
    userAgent: request.headers['user-agent'],
  })
  const raw = parseBody(await request.readBody(), request.headers['content-type'], definition)
  const object = decodeObject(raw, definition, {
    fieldValidation: options.fieldValidation,
    warn: (text) => context.warnings.push(text),
  })
  return { object, options }
}

/** The whole create path for a decoded object in the request's version; also used by apply and PUT-creates. */
export async function createObject(
  context: RequestContext,
  object: KubeObject,
  options: Pick<WriteOptions, 'dryRun' | 'fieldManager'> & { managedFields?: 'keep' },
): Promise<KubeObject> {
  checkNames(context, object)
  const generated = (object.metadata.name ?? '') === ''
  for (let attempt = 1; ; attempt++) {
    const candidate = generated ? deepClone(object) : object
    if (generated) candidate.metadata.name = generateName(context, object)
    context.audit?.names(candidate.metadata)
    try {
      return await createOnce(context, candidate, options)
    } catch (error) {
      const again = generated && isStatus(error, 'AlreadyExists') && attempt < GENERATE_NAME_ATTEMPTS
      if (again) continue
      // What is there already may be another's write that is not durable yet.
      if (isStatus(error, 'AlreadyExists')) await context.parts.store.settled(keyOfObject(context, candidate))
      throw error
    }
  }
}

async function createOnce(
  context: RequestContext,
  served: KubeObject,
  options: Pick<WriteOptions, 'dryRun' | 'fieldManager'> & { managedFields?: 'keep' },
): Promise<KubeObject> {
  const { parts } = context
  const definition = storageDefinition(parts.registry, context.definition)
  const object = toStored(context.definition, served)
  stampNew(context, object)
  definition.setDefaults?.(object)
  const name = object.metadata.name ?? ''
  const admission = admissionRequest(context, {
    operation: 'CREATE',
    object,
    oldObject: undefined,
    dryRun: options.dryRun,
    name,
  })
  const reservations = new Reservations()
  try {
    // What admission and the server add is nobody's, so that no applier takes it away later.
    if (options.managedFields !== 'keep') {
      trackFields(context, { live: undefined, updated: object, manager: options.fieldManager })
    }
    await mutate(context, admission)
    definition.setDefaults?.(object)
    if (definition.hasStatus && definition.keepsStatusOnCreate !== true) resetStatus(definition, object)
    if (definition.hasGeneration) object.metadata.generation = 1
    definition.prepareForCreate?.(object)
    allocate(context, definition, { object, old: undefined, reservations })
    validateNew(context, definition, object)
    collectWarnings(context, definition, { object, old: undefined })
    await admit(context, admission, reservations)
    if (options.dryRun) {
      refuseExisting(context, object)
      reservations.release()
      return toServed(context.definition, object)
    }
    await commit(context, definition, object, { kind: 'create' })
    return toServed(context.definition, object)
  } catch (error) {
    reservations.release()
    throw error
  }
}

function checkNames(context: RequestContext, object: KubeObject): void {
  const { info, definition } = context
  const { metadata } = object
  if ((metadata.resourceVersion ?? '') !== '') {
    throw new StatusError('BadRequest', 'resourceVersion should not be set on objects to be created')
  }
  if (definition.namespaced) {
    if ((metadata.namespace ?? '') === '') metadata.namespace = info.namespace
    else if (metadata.namespace !== info.namespace) {
      throw badRequest(
        'the namespace of the provided object does not match the namespace sent on the request',
      )
    }
  } else if ((metadata.namespace ?? '') !== '') {
    if (info.namespace === '' || definition.plural !== 'namespaces') {
      throw badRequest('namespace may not be set on a cluster-scoped object')
    }
    delete metadata.namespace
  }
  if (info.name !== '' && (metadata.name ?? '') === '') metadata.name = info.name
  if (info.name !== '' && metadata.name !== info.name) {
    throw badRequest(
      `the name of the object (${metadata.name}) does not match the name on the URL (${info.name})`,
    )
  }
}

/** Server-owned metadata of a new object. */
function stampNew(context: RequestContext, object: KubeObject): void {
  const { metadata } = object
  delete metadata.deletionTimestamp
  delete metadata.deletionGracePeriodSeconds
  delete metadata.selfLink
  delete metadata.resourceVersion
  delete metadata.generation
  metadata.uid = context.parts.newUid()
  metadata.creationTimestamp = formatTime(context.parts.clock.now())
  object.apiVersion = apiVersionOf(
    context.definition.conversion?.storageGroup ?? context.definition.group,
    context.definition.conversion?.storageVersion ?? context.definition.version,
  )
}

function generateName(context: RequestContext, object: KubeObject): string {
  const base = object.metadata.generateName ?? ''
  return base === '' ? '' : `${base.slice(0, MAX_GENERATED_BASE)}${context.parts.newSuffix()}`
}

function refuseExisting(context: RequestContext, object: KubeObject): void {
  if (context.parts.store.getPending(keyOfObject(context, object)) !== undefined) {
    throw alreadyExists({ ...targetOf(context), name: object.metadata.name ?? '' })
  }
}

const keyOfObject = ({ definition }: RequestContext, { metadata }: KubeObject) =>
  keyOf(definition, metadata.namespace ?? '', metadata.name ?? '')
