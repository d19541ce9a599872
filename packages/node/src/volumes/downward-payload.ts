// The files of the downward API: fields and resources of the pod.

import { type Json, listOf } from '@brume/api/validate/json'
import { fieldValue } from '../containers/field-ref.ts'
import { resourceValue } from '../containers/resource-ref.ts'
import type { NodeSettings } from '../containers/settings.ts'
import type { Pod } from '../contract.ts'
import type { Payload } from './payload.ts'

/** Throws PodProblem for a reference to nothing. */
export function downwardPayload(
  items: Json,
  pod: Pod,
  defaultMode: number,
  { allocatable, hostIps }: Pick<NodeSettings, 'allocatable' | 'hostIps'>,
): Payload {
  const payload: Payload = new Map()
  for (const { path, mode, fieldRef, resourceFieldRef } of listOf(items)) {
    const text = fieldRef
      ? fieldValue(fieldRef.fieldPath, { pod, podIps: [], hostIps })
      : resourceValue(resourceFieldRef, { pod, allocatable })
    payload.set(path, { data: Buffer.from(text), mode: mode ?? defaultMode })
  }
  return payload
}
