// PUT of a whole object, or of its status.

import { invalid, invalidObject } from '@brume/api/field-error'
import type { KubeObject } from '@brume/api/object'
import { badRequest, conflict, notFound } from '@brume/base/errors'
import { deepClone } from '@brume/base/values'
import type { ApiResponse } from '../http/types.ts'
import { decodeObject, parseBody } from '../request/decode.ts'
import { parseWriteOptions, type WriteOptions } from '../request/options.ts'
import { authorizeCreate } from './authorize-create.ts'
import { changeObject } from './change.ts'
import { type RequestContext, targetOf } from './context.ts'
import { createObject } from './create.ts'
import { respondObject } from './respond.ts'

export async function handleUpdate(context: RequestContext): Promise<ApiResponse> {
  const { definition } = context
  const { object, options } = await readUpdate(context)
  const mayCreate = definition.allowCreateOnUpdate === true && context.info.subresource === ''
  const changed = await changeObject(context, {
    options,
    next() {
      checkConditional(context, object)
      return deepClone(object)
    },
    whenMissing: () => {
      const { uid = '' } = object.metadata
      if (!mayCreate) throw notFound(targetOf(context))
      if (uid !== '') {
        throw conflict(
          targetOf(context),
          `Precondition failed: UID in precondition: ${uid}, UID in object meta: `,
        )
      }
      authorizeCreate(context)
      return createObject(context, deepClone(object), options)
    },
  })
  return respondObject(context, changed.created ? 201 : 200, changed.object)
}

/** The body and the options of a PUT, checked against the path. */
export async function readUpdate(
  context: RequestContext,
): Promise<{ object: KubeObject; options: WriteOptions }> {
  const { request, definition } = context
  const options = parseWriteOptions(request.query, {
    optionsKind: 'UpdateOptions',
    userAgent: request.headers['user-agent'],
  })
  const raw = parseBody(await request.readBody(), request.headers['content-type'], definition)
  const object = decodeObject(raw, definition, {
    fieldValidation: options.fieldValidation,
    warn: (text) => context.warnings.push(text),
  })
  checkUpdateNames(context, object)
  return { object, options }
}

/** The body must be of the object that the path names; empty names are filled from the path. */
function checkUpdateNames(context: RequestContext, object: KubeObject): void {
  const { info, definition } = context
  const { metadata } = object
  if ((metadata.name ?? '') === '') {
    throw badRequest('name is required: the name of the object must be set and match the name on the URL')
  }
  if (metadata.name !== info.name) {
    throw badRequest(
      `the name of the object (${metadata.name}) does not match the name on the URL (${info.name})`,
    )
  }
  if (definition.namespaced) {
    if ((metadata.namespace ?? '') === '') metadata.namespace = info.namespace
    if (metadata.namespace !== info.namespace) {
      throw badRequest(
        'the namespace of the provided object does not match the namespace sent on the request',
      )
    }
  }
}

/** Kinds that must not be overwritten blindly need a resourceVersion, once the object exists. */
function checkConditional({ definition, info }: RequestContext, object: KubeObject): void {
  if (definition.allowUnconditionalUpdate || (object.metadata.resourceVersion ?? '') !== '') return
  const error = invalid('metadata.resourceVersion', 0, 'must be specified for an update')
  // Kubernetes prints the missing number in Go's hexadecimal form.
  const message = error.message.replace('Invalid value: 0:', 'Invalid value: 0x0:')
  throw invalidObject({ group: definition.group, kind: definition.kind, name: info.name }, [
    { ...error, message },
  ])
}
