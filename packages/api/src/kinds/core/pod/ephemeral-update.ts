// PUT and PATCH of pods/ephemeralcontainers: containers may be added, nothing else may change.

import { type FieldError, forbiddenField } from '../../../field-error.ts'
import type { KubeObject } from '../../../object.ts'
import { semanticEqual } from '../../../validate/immutable.ts'
import { listOf } from '../../../validate/json.ts'
import { MIRROR_POD } from './annotations.ts'
import { diffText } from './diff.ts'
import { validatePod } from './validate.ts'

/** All rules of this endpoint, those of every pod included. */
export function validateEphemeralUpdate(pod: KubeObject, old: KubeObject): FieldError[] {
  if (old.metadata.annotations?.[MIRROR_POD] !== undefined) {
    return [forbiddenField('', 'static pods do not support ephemeral containers')]
  }
  const errors = validatePod(pod)
  const now = listOf(pod['spec']?.ephemeralContainers)
  const field = 'spec.ephemeralContainers'
  for (const container of listOf(old['spec']?.ephemeralContainers)) {
    const name = JSON.stringify(container.name)
    const kept = now.find((other) => other.name === container.name)
    if (kept === undefined) {
      errors.push(forbiddenField(field, `existing ephemeral containers ${name} may not be removed\n`))
    } else if (!semanticEqual(kept, container)) {
      const diff = diffText(container, kept, 'container')
      errors.push(forbiddenField(field, `existing ephemeral containers ${name} may not be changed\n${diff}`))
    }
  }
  return errors
}
