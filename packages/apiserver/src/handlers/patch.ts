// PATCH in its four forms. Each attempt patches the newest state, so that patches without a resourceVersion never
// lose to a neighbour.

import type { KubeObject } from '@brume/api/object'
import { badRequest, notFound, StatusError } from '@brume/base/errors'
import { deepClone } from '@brume/base/values'
import { applyServerSide } from '../apply/apply.ts'
import type { ApiResponse } from '../http/types.ts'
import { applyJsonPatch } from '../patch/json-patch.ts'
import { applyMergePatch } from '../patch/merge-patch.ts'
import { applyStrategicMergePatch } from '../patch/strategic-merge-patch.ts'
import { checkKind, decodeObject, mediaType, parseBody, type RawBody } from '../request/decode.ts'
import { parseWriteOptions, type WriteOptions } from '../request/options.ts'
import { type Change, type Changed, changeObject } from './change.ts'
import { type RequestContext, targetOf } from './context.ts'
import { createObject } from './create.ts'
import { resetFieldsOf, versionsOf } from './managed-fields.ts'
import { respondObject } from './respond.ts'

export const PATCH_TYPES = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
} as const

export async function handlePatch(context: RequestContext): Promise<ApiResponse> {
  const changed = await patchObject(context, {})
  return respondObject(context, changed.created ? 201 : 200, changed.object)
}

/** Patches the object of the path; `extra` narrows the change for subresources. */
export async function patchObject(
  context: RequestContext,
  extra: Pick<Change, 'restrict' | 'validate'>,
): Promise<Changed> {
  const { request, definition } = context
  const type = mediaType(request.headers['content-type'])
  checkPatchType(type, definition.custom === true)
  const options = parseWriteOptions(request.query, {
    optionsKind: 'PatchOptions',
    userAgent: request.headers['user-agent'],
  })
  if (options.force && type !== PATCH_TYPES.apply) {
    throw new StatusError(
      'Invalid',
      'PatchOptions.meta.k8s.io "" is invalid: force: Forbidden: may not be specified for non-apply patch',
      {
        group: 'meta.k8s.io',
        kind: 'PatchOptions',
        causes: [
          {
            reason: 'FieldValueForbidden',
            field: 'force',
            message: 'Forbidden: may not be specified for non-apply patch',
          },
        ],
      },
    )
  }
  const bytes = await request.readBody()
  const raw = parseBody(bytes, type === PATCH_TYPES.apply ? 'application/yaml' : 'application/json')
  if (type === PATCH_TYPES.apply) return applyPatch(context, raw, options, extra)
  return changeObject(context, {
    ...extra,
    options,
    next: (current) => patched(context, type, raw, { current, options }),
  })
}

function patched(
  context: RequestContext,
  type: string,
  raw: RawBody,
  { current, options }: { current: KubeObject; options: WriteOptions },
): KubeObject {
  const value = applyOf(context, type, current, raw.value)
  const result = decodeObject({ value, strictErrors: raw.strictErrors }, context.definition, {
    fieldValidation: options.fieldValidation,
    warn: (text) => context.warnings.push(text),
  })
  if (result.metadata.name !== current.metadata.name) {
    throw badRequest('the name of the object was changed by the patch: metadata.name is immutable')
  }
  // A patch that leaves the resourceVersion alone is unconditional.
  if (
    result.metadata.resourceVersion === current.metadata.resourceVersion &&
    !namesRevision(type, raw.value)
  ) {
    delete result.metadata.resourceVersion
  }
  return result
}

function applyOf(context: RequestContext, type: string, current: KubeObject, patch: unknown): unknown {
  switch (type) {
    case PATCH_TYPES.json:
      return applyJsonPatch(current, patch)
    case PATCH_TYPES.merge:
      return deepClone(applyMergePatch(current, patch))
    default:
      return deepClone(applyStrategicMergePatch(current, patch, context.definition.schema))
  }
}

function namesRevision(type: string, patch: unknown): boolean {
  if (type === PATCH_TYPES.json) {
    return Array.isArray(patch) && patch.some((operation) => operation?.path === '/metadata/resourceVersion')
  }
  const metadata = (patch as { metadata?: { resourceVersion?: unknown } } | null)?.metadata
  return metadata?.resourceVersion !== undefined && metadata.resourceVersion !== null
}

async function applyPatch(
  context: RequestContext,
  raw: RawBody,
  options: WriteOptions,
  extra: Pick<Change, 'restrict' | 'validate'>,
): Promise<Changed> {
  const { definition, info, request } = context
  if (!request.query.get('fieldManager')) {
    throw new StatusError(
      'Invalid',
      'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
      {
        group: 'meta.k8s.io',
        kind: 'PatchOptions',
        causes: [
          {
            reason: 'FieldValueRequired',
            field: 'fieldManager',
            message: 'Required value: is required for apply patch',
          },
        ],
      },
    )
  }
  checkKind(raw.value, definition)
  const config = decodeApplied(context, raw, options)
  const apply = (live: KubeObject | undefined) =>
    applyServerSide({
      live,
      config: deepClone(config),
      manager: options.fieldManager,
      force: options.force,
      subresource: info.subresource,
      now: context.parts.clock.now(),
      resetFields: resetFieldsOf(definition, info.subresource),
      ...versionsOf(context),
    })
  // Unknown fields were reported when the configuration was read.
  const typed = (merged: KubeObject) =>
    decodeObject({ value: deepClone(merged), strictErrors: [] }, definition, {
      fieldValidation: 'Ignore',
      warn: () => {},
    })
  return changeObject(context, {
    ...extra,
    options,
    tracked: true,
    next: (current) => {
      const { object, managedFields } = apply(current)
      const result = typed(object)
      result.metadata.managedFields = managedFields
      if ((config.metadata.resourceVersion ?? '') === '') delete result.metadata.resourceVersion
      return result
    },
    whenMissing: () => {
      if (info.subresource !== '') throw notFound(targetOf(context))
      const { object, managedFields } = apply(undefined)
      const created = typed(object)
      created.metadata.managedFields = managedFields
      return createObject(context, created, { ...options, managedFields: 'keep' })
    },
  })
}

/** Checks types and unknown fields, but keeps exactly what the client wrote: defaults are not its intent. */
function decodeApplied(context: RequestContext, raw: RawBody, options: WriteOptions): KubeObject {
  const { info } = context
  const config = raw.value as KubeObject
  const sink: string[] = []
  decodeObject({ value: deepClone(config), strictErrors: raw.strictErrors }, context.definition, {
    fieldValidation: options.fieldValidation,
    warn: (text) => sink.push(text),
  })
  context.warnings.push(...sink)
  config.metadata ??= {}
  const { name = '', namespace = '' } = config.metadata
  if (name !== info.name) {
    throw badRequest(`the name of the object (${name}) does not match the name on the URL (${info.name})`)
  }
  if (namespace !== '' && namespace !== info.namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request')
  }
  if (info.namespace !== '' && context.definition.namespaced) config.metadata.namespace = info.namespace
  return config
}

function checkPatchType(type: string, custom: boolean): void {
  const supported: string[] = Object.values(PATCH_TYPES)
  if (custom) supported.splice(supported.indexOf(PATCH_TYPES.strategic), 1)
  if (supported.includes(type)) return
  throw new StatusError(
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${supported.join(', ')}`,
  )
}
