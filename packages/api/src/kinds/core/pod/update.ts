// What an update of a pod may change: images, the deadline (down), tolerations (more), gates (fewer), and of a gated
// pod also where it may run (narrower).

import { deepClone } from '@brume/base/values'
import { type FieldError, forbiddenField, invalid } from '../../../field-error.ts'
import type { KubeObject } from '../../../object.ts'
import { semanticEqual } from '../../../validate/immutable.ts'
import { type Json, listOf } from '../../../validate/json.ts'
import { isInRange } from '../../../validate/ports.ts'
import { validatePodAnnotationUpdates } from './annotations.ts'
import { diffText } from './diff.ts'
import { validateGatedPlacement } from './gated-placement.ts'

const MAX_INT32 = 2147483647
const UPDATABLE = [
  '`spec.containers[*].image`',
  '`spec.initContainers[*].image`',
  '`spec.activeDeadlineSeconds`',
  '`spec.tolerations` (only additions to existing tolerations)',
  '`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
].join(',')

export function validatePodUpdate(pod: KubeObject, old: KubeObject): FieldError[] {
  const errors = validatePodAnnotationUpdates(pod.metadata.annotations, old.metadata.annotations)
  const spec = pod['spec'] ?? {}
  const before = old['spec'] ?? {}
  for (const list of ['containers', 'initContainers']) {
    if (listOf(spec[list]).length === listOf(before[list]).length) continue
    errors.push(forbiddenField(`spec.${list}`, 'pod updates may not add or remove containers'))
    return errors
  }
  errors.push(...validateDeadline(spec.activeDeadlineSeconds, before.activeDeadlineSeconds))
  errors.push(...validateTolerationsOnlyAdded(listOf(spec.tolerations), listOf(before.tolerations)))
  errors.push(...validateGatesOnlyRemoved(listOf(spec.schedulingGates), listOf(before.schedulingGates)))
  if (semanticEqual(spec, before)) return errors
  const masked = maskUpdatable(spec, before)
  if (listOf(before.schedulingGates).length > 0) errors.push(...validateGatedPlacement(masked, before))
  if (!semanticEqual(masked, before)) {
    const diff = diffText(before, masked, 'spec')
    errors.push(forbiddenField('spec', `pod updates may not change fields other than ${UPDATABLE}\n${diff}`))
  }
  return errors
}

/** A copy of the new spec in which everything that may change is as before. */
function maskUpdatable(spec: Json, before: Json): Json {
  const masked = deepClone(spec)
  for (const list of ['containers', 'initContainers']) {
    for (const [i, container] of listOf(masked[list]).entries()) container.image = before[list][i].image
  }
  masked.activeDeadlineSeconds = before.activeDeadlineSeconds
  masked.schedulingGates = before.schedulingGates
  masked.tolerations = before.tolerations
  if (before.terminationGracePeriodSeconds < 0 && masked.terminationGracePeriodSeconds === 1) {
    masked.terminationGracePeriodSeconds = before.terminationGracePeriodSeconds
  }
  return masked
}

function validateDeadline(now: number | undefined | null, before: number | undefined | null): FieldError[] {
  const field = 'spec.activeDeadlineSeconds'
  if (now === undefined || now === null) {
    if (before === undefined || before === null) return []
    return [invalid(field, null, 'must not update from a positive integer to nil value')]
  }
  const wrong = isInRange(now, 0, MAX_INT32)
  if (wrong.length > 0) return wrong.map((message) => invalid(field, now, message))
  if (before === undefined || before === null || before >= now) return []
  return [invalid(field, now, 'must be less than or equal to previous value')]
}

function validateTolerationsOnlyAdded(now: Json[], before: Json[]): FieldError[] {
  for (const old of before) {
    const kept = now.some((toleration) =>
      semanticEqual(toleration, { ...old, tolerationSeconds: toleration.tolerationSeconds }),
    )
    if (kept) continue
    const why = 'existing toleration can not be modified except its tolerationSeconds'
    return [forbiddenField('spec.tolerations', why)]
  }
  return []
}

function validateGatesOnlyRemoved(now: Json[], before: Json[]): FieldError[] {
  const known = new Set(before.map((gate) => gate.name))
  return [...now.entries()]
    .filter(([, gate]) => !known.has(gate.name))
    .map(([i, gate]) =>
      forbiddenField(
        `spec.schedulingGates[${i}].name`,
        `only deletion is allowed, but found new scheduling gate '${gate.name}'`,
      ),
    )
}
