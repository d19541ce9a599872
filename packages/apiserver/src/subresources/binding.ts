// POST pods/NAME/binding: the scheduler's decision, which sets the pod's node once.

import { type FieldError, invalid, invalidObject, notSupported, required } from '@brume/api/field-error'
import type { KubeObject } from '@brume/api/object'
import { PLACED_BECAUSE } from '@brume/api/placement'
import { assert } from '@brume/base/assert'
import { formatTime } from '@brume/base/clock'
import { conflict, type StatusError } from '@brume/base/errors'
import { deepClone } from '@brume/base/values'
import { changeObject } from '../handlers/change.ts'
import { type RequestContext, targetOf } from '../handlers/context.ts'
import { respondStatus } from '../handlers/respond.ts'
import type { ApiResponse } from '../http/types.ts'
import { parseWriteOptions } from '../request/options.ts'
import { checkBodyNames, readTypedBody } from './body.ts'
import type { Subresource } from './table.ts'

const BINDING = { group: '', version: 'v1', kind: 'Binding', typeName: 'io.k8s.api.core.v1.Binding' }

export const binding: Subresource = { create: createBinding }

/** Also answers the older `POST bindings`, where the body names the pod. */
export async function createBinding(context: RequestContext): Promise<ApiResponse> {
  const options = parseWriteOptions(context.request.query, {
    optionsKind: 'CreateOptions',
    userAgent: context.request.headers['user-agent'],
  })
  const body = await readTypedBody(context, BINDING, options)
  checkBodyNames(body, context, 'Binding')
  const definition = context.parts.registry.lookup('', 'v1', 'pods')
  assert(definition !== undefined, 'pods are built in')
  const name = context.info.name === '' ? (body.metadata?.name ?? '') : context.info.name
  const info = { ...context.info, resource: 'pods', subresource: 'binding', name }
  await bindPod({ ...context, definition, info }, body, options)
  return respondStatus(context, 201)
}

/** Throws Conflict when the pod is bound already. */
async function bindPod(
  context: RequestContext,
  body: KubeObject,
  options: { dryRun: boolean; fieldManager: string },
): Promise<void> {
  const errors = validateBinding(body)
  if (errors.length > 0) throw invalidObject({ group: '', kind: 'Binding', name: context.info.name }, errors)
  const node: string = body['target'].name
  await changeObject(context, {
    options,
    payload: body,
    next(pod) {
      checkBindable(context, pod, body)
      const next = deepClone(pod)
      delete next.metadata.resourceVersion
      next['spec'].nodeName = node
      next.metadata.annotations = { ...next.metadata.annotations, ...body.metadata?.annotations }
      if (Object.keys(next.metadata.annotations).length === 0) delete next.metadata.annotations
      next['status'] = withScheduled(next['status'], {
        nowMs: context.parts.clock.now(),
        why: body.metadata?.annotations?.[PLACED_BECAUSE],
      })
      return next
    },
    restrict: (next) => next,
    validate: () => [],
  })
}

function validateBinding(body: KubeObject): FieldError[] {
  const target = body['target'] ?? {}
  if (target.kind !== undefined && target.kind !== '' && target.kind !== 'Node') {
    return [notSupported('target.kind', target.kind, ['Node', '<empty>'])]
  }
  if (!target.name) return [required('target.name')]
  if (!/^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/.test(target.name)) {
    return [invalid('target.name', target.name, 'not a valid node name')]
  }
  return []
}

function checkBindable(context: RequestContext, pod: KubeObject, body: KubeObject): void {
  const { name, deletionTimestamp, uid } = pod.metadata
  const fail = (why: string): StatusError => conflict(targetOf(context), why)
  if (body.metadata?.uid && body.metadata.uid !== uid) {
    throw fail(`Precondition failed: UID in precondition: ${body.metadata.uid}, UID in object meta: ${uid}`)
  }
  if (deletionTimestamp !== undefined)
    throw fail(`pod ${name} is being deleted, cannot be assigned to a host`)
  const assigned = pod['spec'].nodeName
  if (assigned) throw fail(`pod ${name} is already assigned to node "${assigned}"`)
  if ((pod['spec'].schedulingGates ?? []).length > 0)
    throw fail(`pod ${name} has non-empty .spec.schedulingGates`)
}

/** `why`: in words, when the scheduler said so. */
function withScheduled(
  // biome-ignore lint/suspicious/noExplicitAny: a pod's status
  status: any,
  { nowMs, why }: { nowMs: number; why: string | undefined },
): object {
  const conditions: { type: string; status: string }[] = status?.conditions ?? []
  const known = conditions.find((condition) => condition.type === 'PodScheduled')
  if (known?.status === 'True') return status
  const scheduled = {
    type: 'PodScheduled',
    status: 'True',
    lastProbeTime: null,
    lastTransitionTime: formatTime(nowMs),
    ...(why === undefined ? {} : { message: why }),
  }
  return { ...status, conditions: [...conditions.filter((c) => c !== known), scheduled] }
}
