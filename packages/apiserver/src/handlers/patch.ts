// PATCH in its four forms. Each attempt patches the newest state, so that patches without a resourceVersion never
// lose to a neighbour.

import { invalid, invalidObject } from '@brume/api/field-error'
import type { KubeObject } from '@brume/api/object'
import { parseApiVersion } from '@brume/api/resource'
import { badRequest, conflict, notFound, StatusError } from '@brume/base/errors'
import { stringifyJson } from '@brume/base/json'
import { deepClone } from '@brume/base/values'
import { applyServerSide } from '../apply/apply.ts'
import type { ApiResponse } from '../http/types.ts'
import { applyJsonPatch } from '../patch/json-patch.ts'
import { applyMergePatch } from '../patch/merge-patch.ts'
import { goText } from '../patch/strategic-error.ts'
import { applyStrategicMergePatch } from '../patch/strategic-merge-patch.ts'
import { checkKind, decodeObject, mediaType, parseBody, type RawBody } from '../request/decode.ts'
import { parseWriteOptions, type WriteOptions } from '../request/options.ts'
import { authorizeCreate } from './authorize-create.ts'
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
    refuse: (why) =>
      type === PATCH_TYPES.strategic
        ? invalidPatch(goText(raw.value), why.conversion)
        : invalidPatch(stringifyJson(applyOf(context, type, current, raw.value)), why.message),
  })
  checkNames(context, result)
  // A patch that leaves the resourceVersion alone is unconditional.
  if (
    result.metadata.resourceVersion === current.metadata.resourceVersion &&
    !namesRevision(type, raw.value)
  ) {
    delete result.metadata.resourceVersion
  }
  return result
}

/** Kubernetes shows what was patched: the patch itself, or the object that it made. */
function invalidPatch(shown: string, why: string): StatusError {
  return invalidObject({ group: '', kind: '', name: '' }, [invalid('patch', shown, why)])
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
  requireManager(request.query)
  const config = appliedConfig(context, raw.value)
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
  const typed = (merged: KubeObject) => {
    reportDuplicates(context, raw, options)
    return decodeObject({ value: deepClone(merged), strictErrors: [] }, definition, {
      fieldValidation: 'Ignore',
      warn: () => {},
      refuse: (why) => notOfItsVersion(merged, why.conversion),
    })
  }
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
      authorizeCreate(context)
      const { uid } = config.metadata
      if (uid !== undefined && uid !== '') throw conflict(targetOf(context), missingUid(uid))
      const { object, managedFields } = apply(undefined)
      const created = typed(object)
      created.metadata.managedFields = managedFields
      return createObject(context, created, { ...options, managedFields: 'keep' })
    },
  })
}

/** Whoever applies to one object, by its uid, does not mean to make another. */
const missingUid = (uid: string) =>
  `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`

/** Keeps exactly what the client wrote: defaults are not its intent. */
function appliedConfig(context: RequestContext, value: unknown): KubeObject {
  const { info, definition } = context
  checkKind(value, definition)
  const config = value
  config.metadata ??= {}
  checkNames(context, config)
  if (info.namespace !== '' && definition.namespaced) config.metadata.namespace = info.namespace
  return config
}

function checkNames({ info }: RequestContext, { metadata }: KubeObject): void {
  const { name = '', namespace = '' } = metadata
  if (name === '') {
    throw badRequest(
      `the name of the object (${info.name} based on URL) was undeterminable: name must be provided`,
    )
  }
  if (name !== info.name) {
    throw badRequest(`the name of the object (${name}) does not match the name on the URL (${info.name})`)
  }
  if (namespace !== '' && namespace !== info.namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request')
  }
}

function reportDuplicates(context: RequestContext, raw: RawBody, options: WriteOptions): void {
  if (options.fieldValidation === 'Ignore' || raw.strictErrors.length === 0) return
  const text = `error converting YAML to JSON: ${raw.strictErrors.join(', ')}`
  if (options.fieldValidation === 'Strict') throw badRequest(`error strict decoding YAML: ${text}`)
  context.warnings.push(text)
}

/** What was applied had the right shape, and yet its values are not of their types. */
function notOfItsVersion({ apiVersion, kind, metadata }: KubeObject, why: string): StatusError {
  const { namespace = '', name = '' } = metadata
  const { group, version } = parseApiVersion(apiVersion ?? '')
  const gvk = `${group}/${version}, Kind=${kind}`
  return new StatusError(
    'Unknown',
    `failed to convert new object (${namespace}/${name}; ${gvk}) to proper version (${apiVersion}): unable to convert unstructured object to ${gvk}: ${why}`,
  )
}

/** Throws 415. Custom kinds have no strategic merge. */
export function checkPatchType(type: string, custom: boolean): void {
  const supported: string[] = Object.values(PATCH_TYPES)
  if (custom) supported.splice(supported.indexOf(PATCH_TYPES.strategic), 1)
  if (supported.includes(type)) return
  throw new StatusError(
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: ${supported.join(', ')}`,
  )
}

/** Throws 422: what is applied must have an owner. */
export function requireManager(query: URLSearchParams): void {
  if (!query.get('fieldManager')) {
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
}
