// PUT and PATCH of pods/resize: cpu and memory of running containers.

import { compareQuantity } from '@brume/base/quantity'
import { deepClone } from '@brume/base/values'
import { type FieldError, forbiddenField, invalid } from '../../../field-error.ts'
import type { KubeObject } from '../../../object.ts'
import { semanticEqual } from '../../../validate/immutable.ts'
import { type Json, listOf, mapOf } from '../../../validate/json.ts'
import { MIRROR_POD } from './annotations.ts'
import { qosClassOf } from './qos.ts'
import { validatePod } from './validate.ts'

const RESIZABLE = ['cpu', 'memory']

/** All rules of this endpoint, those of every pod included. */
export function validatePodResize(pod: KubeObject, old: KubeObject): FieldError[] {
  if (old.metadata.annotations?.[MIRROR_POD] !== undefined) {
    return [forbiddenField('', 'static pods cannot be resized')]
  }
  const spec = pod['spec'] ?? {}
  const before = old['spec'] ?? {}
  if (before.os?.name === 'windows') return [forbiddenField('', 'windows pods cannot be resized')]
  const errors = validatePod(pod)
  const qos = old['status']?.qosClass || qosClassOf(before)
  if (qos !== qosClassOf(spec)) {
    const why = 'Pod QOS Class may not change as a result of resizing'
    errors.push(invalid('spec', pod['status']?.qosClass ?? '', why))
  }
  for (const [i, container] of listOf(before.containers).entries()) {
    const now = listOf(spec.containers)[i]
    if (now === undefined) break
    const at = `spec.containers[${i}].resources`
    errors.push(...validateContainerResize(now, container.resources ?? {}, at))
  }
  if (!semanticEqual(maskResizable(spec, before), before)) {
    errors.push(forbiddenField('spec', 'only cpu and memory resources are mutable'))
  }
  return errors
}

function validateContainerResize(container: Json, before: Json, field: string): FieldError[] {
  const errors: FieldError[] = []
  const now = container.resources ?? {}
  for (const list of ['requests', 'limits']) {
    const removed = Object.keys(mapOf(before[list])).some((name) => mapOf(now[list])[name] === undefined)
    if (removed) errors.push(forbiddenField(`${field}.${list}`, `resource ${list} cannot be removed`))
  }
  const policy = listOf(container.resizePolicy).find((p) => p.resourceName === 'memory')?.restartPolicy
  if (policy === 'RestartContainer') return errors
  const limit = now.limits?.memory
  const old = before.limits?.memory
  const at = `${field}.limits[memory]`
  if (limit === undefined) return errors
  const unless = 'unless resizePolicy is RestartContainer'
  if (old === undefined) errors.push(forbiddenField(at, `memory limits cannot be added ${unless}`))
  else if (compareQuantity(limit, old) < 0) {
    errors.push(forbiddenField(at, `memory limits cannot be decreased ${unless}`))
  }
  return errors
}

/** The new spec with the cpu and memory of the old one. */
function maskResizable(spec: Json, before: Json): Json {
  const masked = deepClone(spec)
  for (const [i, container] of listOf(masked.containers).entries()) {
    const old = listOf(before.containers)[i]
    if (old === undefined) continue
    for (const list of ['requests', 'limits']) {
      const values = { ...mapOf(container.resources?.[list]) }
      for (const name of RESIZABLE) {
        const kept = old.resources?.[list]?.[name]
        if (kept === undefined) delete values[name]
        else values[name] = kept
      }
      container.resources = { ...container.resources, [list]: values }
      if (Object.keys(values).length === 0) delete container.resources[list]
    }
  }
  return masked
}
