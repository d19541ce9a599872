// The scale subresource of any kind that has one: autoscaling/v1 Scale over paths of the parent.

import { forbiddenField, invalid, invalidObject } from '@brume/api/field-error'
import { integer } from '@brume/api/kinds/cells'
import { age } from '@brume/api/kinds/columns'
import { nameColumn } from '@brume/api/kinds/definition'
import type { KubeObject } from '@brume/api/object'
import type { Column, ResourceDefinition, ScalePaths } from '@brume/api/resource'
import { schemaFor } from '@brume/api/schema/compile'
import { formatStructured, fromMap } from '@brume/api/selectors/structured'
import { conflict, notFound, OPTIMISTIC_LOCK } from '@brume/base/errors'
import { deepClone, setOwn } from '@brume/base/values'
import { applyServerSide } from '../apply/apply.ts'
import { changeObject } from '../handlers/change.ts'
import { type RequestContext, targetOf } from '../handlers/context.ts'
import { checkPatchType, PATCH_TYPES, requireManager } from '../handlers/patch.ts'
import { acceptScale, respondView } from '../handlers/respond.ts'
import { toServed } from '../handlers/versions.ts'
import type { ApiResponse } from '../http/types.ts'
import { applyJsonPatch } from '../patch/json-patch.ts'
import { applyMergePatch } from '../patch/merge-patch.ts'
import { applyStrategicMergePatch } from '../patch/strategic-merge-patch.ts'
import { keyOf, objectOf } from '../registry/entries.ts'
import { checkKind, decodeTyped, mediaType, parseBody } from '../request/decode.ts'
import { parseWriteOptions } from '../request/options.ts'
import { readTypedBody } from './body.ts'
import type { Subresource } from './table.ts'

const SCALE = {
  group: 'autoscaling',
  version: 'v1',
  kind: 'Scale',
  typeName: 'io.k8s.api.autoscaling.v1.Scale',
}

export const scale: Subresource = {
  get: (context) => respondScale(context, current(context)),
  update: updateScale,
  patch: patchScale,
}

function current(context: RequestContext): KubeObject {
  const { definition, info, parts } = context
  const entry = parts.store.get(keyOf(definition, info.namespace, info.name))
  if (entry === undefined) throw notFound(targetOf(context))
  return toServed(definition, objectOf(entry))
}

/** The Scale of a parent object. */
export function scaleOf(definition: ResourceDefinition, object: KubeObject): KubeObject {
  const paths = definition.scale!
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata
  const replicas = read(object, paths.specReplicasPath)
  const selector = selectorText(paths, object)
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: {
      name: name!,
      ...(namespace === undefined ? {} : { namespace }),
      uid: uid!,
      resourceVersion: resourceVersion!,
      creationTimestamp: creationTimestamp ?? null,
    },
    spec: replicas ? { replicas } : {},
    status: {
      replicas: read(object, paths.statusReplicasPath) ?? 0,
      ...(selector === '' ? {} : { selector }),
    },
  }
}

function selectorText(paths: ScalePaths, object: KubeObject): string {
  if (paths.labelSelectorPath === undefined) return ''
  const value = read(object, paths.labelSelectorPath)
  if (value === undefined || value === null) return ''
  if (paths.structuredSelector !== true) return String(value)
  // ReplicationControllers select by a plain map.
  const structured = 'matchLabels' in value || 'matchExpressions' in value
  return structured ? formatStructured(value) : fromMap(value).toString()
}

async function updateScale(context: RequestContext): Promise<ApiResponse> {
  const options = writeOptions(context, 'UpdateOptions')
  const wanted = await readTypedBody(context, SCALE, options)
  return changeScale(context, options, () => wanted)
}

async function patchScale(context: RequestContext): Promise<ApiResponse> {
  const options = writeOptions(context, 'PatchOptions')
  const { request } = context
  const type = mediaType(request.headers['content-type'])
  checkPatchType(type, false)
  if (type === PATCH_TYPES.apply) requireManager(request.query)
  const raw = parseBody(
    await request.readBody(),
    type === PATCH_TYPES.apply ? 'application/yaml' : 'application/json',
  )
  return changeScale(context, options, (live) => {
    const value = patchedScale(context, type, live, raw.value)
    checkKind(value, SCALE)
    return decodeTyped(value, schemaFor(SCALE.typeName), SCALE).value
  })
}

function patchedScale(context: RequestContext, type: string, live: KubeObject, patch: unknown): unknown {
  const schema = schemaFor(SCALE.typeName)
  switch (type) {
    case PATCH_TYPES.json:
      return applyJsonPatch(live, patch)
    case PATCH_TYPES.merge:
      return deepClone(applyMergePatch(live, patch))
    case PATCH_TYPES.apply: {
      checkKind(patch, SCALE)
      const manager = context.request.query.get('fieldManager') ?? ''
      const { object } = applyServerSide({
        live,
        config: patch,
        schema,
        manager,
        force: true,
        apiVersion: 'autoscaling/v1',
        subresource: 'scale',
        now: context.parts.clock.now(),
      })
      return deepClone(object)
    }
    default:
      return deepClone(applyStrategicMergePatch(live, patch, schema))
  }
}

async function changeScale(
  context: RequestContext,
  options: ReturnType<typeof parseWriteOptions>,
  wantedOf: (live: KubeObject) => KubeObject,
): Promise<ApiResponse> {
  const { definition } = context
  const { object } = await changeObject(context, {
    options,
    next(parent) {
      const live = scaleOf(definition, parent)
      const wanted = wantedOf(live)
      validateScale(context, wanted)
      const given = wanted.metadata.resourceVersion ?? ''
      if (given !== '' && given !== parent.metadata.resourceVersion) {
        throw conflict(targetOf(context), OPTIMISTIC_LOCK)
      }
      const result = deepClone(parent)
      if (given === '') delete result.metadata.resourceVersion
      write(result, definition.scale!.specReplicasPath, wanted['spec']?.replicas ?? 0)
      return result
    },
    restrict: (next) => next,
  })
  return respondScale(context, object)
}

function validateScale(context: RequestContext, wanted: KubeObject): void {
  const errors = []
  const replicas = wanted['spec']?.replicas ?? 0
  if (replicas < 0) errors.push(invalid('spec.replicas', replicas, 'must be greater than or equal to 0'))
  if (wanted.metadata?.name !== context.info.name) {
    errors.push(forbiddenField('metadata.name', 'must match the name on the URL'))
  }
  if (errors.length > 0)
    throw invalidObject({ group: 'autoscaling', kind: 'Scale', name: context.info.name }, errors)
}

const COLUMNS: readonly Column[] = [
  nameColumn,
  integer('Desired', (object) => object['spec'].replicas ?? 0),
  integer('Available', (object) => object['status'].replicas),
  age,
]

function respondScale(context: RequestContext, parent: KubeObject): ApiResponse {
  const object = scaleOf(context.definition, parent)
  const of = { columns: COLUMNS, schema: schemaFor(SCALE.typeName) }
  return respondView(context, acceptScale(context), { status: 200, object, of })
}

function writeOptions(context: RequestContext, optionsKind: 'UpdateOptions' | 'PatchOptions') {
  const { query, headers } = context.request
  return parseWriteOptions(query, { optionsKind, userAgent: headers['user-agent'] })
}

/** Dotted paths only, as the API demands of scale paths. */
// biome-ignore lint/suspicious/noExplicitAny: a path into any kind
function read(object: KubeObject, path: string): any {
  let value: unknown = object
  for (const part of segments(path)) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined
    value = (value as Record<string, unknown>)[part]
  }
  return value
}

function write(object: KubeObject, path: string, value: unknown): void {
  const parts = segments(path)
  let at: Record<string, unknown> = object
  for (const part of parts.slice(0, -1)) {
    const next = Object.hasOwn(at, part) ? at[part] : undefined
    if (typeof next !== 'object' || next === null) setOwn(at, part, {})
    at = at[part] as Record<string, unknown>
  }
  setOwn(at, parts.at(-1)!, value)
}

const segments = (path: string) => path.split('.').filter((part) => part !== '')
