// autoscaling/v1 Scale: how many replicas a workload has and shall have. Read and written through `<resource>/scale`.

import type { FieldError } from '../../field-error.ts'
import type { KubeObject } from '../../object.ts'
import { nonnegative } from '../../validate/fields.ts'

export function validateScale(scale: KubeObject): FieldError[] {
  return nonnegative(scale['spec']?.replicas, 'spec.replicas')
}
