// A whole pod: its annotations, its spec, and the rules that pods have beyond templates.

import { type FieldError, forbiddenField } from '../../../field-error.ts'
import type { KubeObject } from '../../../object.ts'
import { listOf } from '../../../validate/json.ts'
import { validatePodAnnotations, validateProfilesMatch } from './annotations.ts'
import { validateImageSpaces } from './containers.ts'
import { validatePodSpec } from './spec.ts'

/** On create and on every update. */
export function validatePod(pod: KubeObject): FieldError[] {
  const spec = pod['spec'] ?? {}
  const errors = validatePodAnnotations(pod.metadata.annotations, spec)
  errors.push(...validatePodSpec(spec, 'spec', pod.metadata))
  if (!spec.serviceAccountName) errors.push(...tokensWithoutAccount(pod))
  for (const list of ['containers', 'initContainers']) {
    for (const [i, container] of listOf(spec[list]).entries()) {
      errors.push(...validateImageSpaces(container, `spec.${list}[${i}]`))
    }
  }
  return errors
}

/** On create alone. */
export function validatePodCreate(pod: KubeObject): FieldError[] {
  const spec = pod['spec'] ?? {}
  const errors: FieldError[] = []
  if (listOf(spec.ephemeralContainers).length > 0) {
    errors.push(forbiddenField('spec.ephemeralContainers', 'cannot be set on create'))
  }
  if (spec.nodeName && listOf(spec.schedulingGates).length > 0) {
    const why = 'cannot be set until all schedulingGates have been cleared'
    errors.push(forbiddenField('spec.nodeName', why))
  }
  return errors.concat(validateProfilesMatch(pod.metadata, spec, 'spec'))
}

function tokensWithoutAccount(pod: KubeObject): FieldError[] {
  const errors: FieldError[] = []
  const why = 'must not be specified when serviceAccountName is not set'
  for (const [v, volume] of listOf(pod['spec']?.volumes).entries()) {
    for (const [s, source] of listOf(volume.projected?.sources).entries()) {
      if (!source.serviceAccountToken) continue
      const at = `spec.volumes[${v}].projected.sources[${s}].serviceAccountToken`
      errors.push(forbiddenField(at, why))
    }
  }
  return errors
}
