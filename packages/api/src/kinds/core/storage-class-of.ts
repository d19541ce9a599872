// The storage class that a volume or a claim names.

import type { KubeObject } from '../../object.ts'

export const CLASS_ANNOTATION = 'volume.beta.kubernetes.io/storage-class'

/** The annotation that was there before the field still wins, as in Kubernetes. */
export function classOf(object: KubeObject): string {
  return object.metadata.annotations?.[CLASS_ANNOTATION] ?? object.spec?.storageClassName ?? ''
}
