// The pod template inside a workload.

import { type FieldError, forbiddenField } from '../../../field-error.ts'
import { type Json, listOf } from '../../../validate/json.ts'
import { validateLabels } from '../../../validate/labels.ts'
import { validateAnnotations } from '../../../validate/metadata.ts'
import { validatePodAnnotations, validateProfilesMatch } from './annotations.ts'
import { validatePodSpec } from './spec.ts'

export function validatePodTemplate(template: Json, field: string): FieldError[] {
  const meta = template?.metadata ?? {}
  const spec = template?.spec ?? {}
  const errors = [
    ...validateLabels(meta.labels, `${field}.labels`),
    ...validateAnnotations(meta.annotations, `${field}.annotations`),
    ...validatePodAnnotations(meta.annotations, spec, `${field}.annotations`),
    ...validatePodSpec(spec, `${field}.spec`),
    ...validateProfilesMatch(meta, spec, `${field}.spec`),
  ]
  if (listOf(spec.ephemeralContainers).length > 0) {
    const why = 'ephemeral containers not allowed in pod template'
    errors.push(forbiddenField(`${field}.spec.ephemeralContainers`, why))
  }
  return errors
}
