// A parsed body as a custom resource: metadata decoded, what the schema does not know removed and reported.

import type { KubeObject } from '@brume/api/object'
import type { ResourceDefinition } from '@brume/api/resource'
import { dropForbiddenNulls } from '@brume/api/structural/defaults'
import { decodeEmbedded, decodeMetadata } from '@brume/api/structural/embedded'
import { prune } from '@brume/api/structural/prune'
import { structuralOf } from './structural.ts'

/**
 * Changes `value`, an object with apiVersion and kind, and returns it. Defaults are not set: a patch must not own
 * them. Throws DecodeError where metadata is malformed.
 */
export function decodeCustom(
  value: unknown,
  definition: ResourceDefinition,
): { value: KubeObject; unknownFields: string[] } {
  const object = value as KubeObject
  const { declared, pruning } = structuralOf(definition.schema)
  const metadata = decodeMetadata(object.metadata)
  object.metadata = metadata.value
  const unknownFields = [
    ...metadata.unknownFields.map((field) => `metadata.${field}`),
    ...decodeEmbedded(object, declared),
    ...prune(object, pruning),
  ]
  dropForbiddenNulls(object, declared)
  return { value: object, unknownFields }
}
