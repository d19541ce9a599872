// Who owns which field, kept on every write (api-compat.md, trap 9).

import type { KubeObject } from '@brume/api/object'
import { apiVersionOf, type ResourceDefinition } from '@brume/api/resource'
import { type FieldSet, fieldSetOfPaths } from '../apply/field-set.ts'
import { updateManagedFields } from '../apply/managed-fields.ts'
import type { RequestContext } from './context.ts'

/** Sets metadata.managedFields of `updated` as after an Update by `manager`. */
export function trackFields(
  context: RequestContext,
  definition: ResourceDefinition,
  change: { live: KubeObject | undefined; updated: KubeObject; manager: string },
): void {
  const { subresource } = context.info
  change.updated.metadata.managedFields = updateManagedFields({
    live: change.live,
    updated: change.updated,
    schema: definition.schema,
    manager: change.manager,
    operation: 'Update',
    apiVersion: apiVersionOf(definition.group, definition.version),
    subresource,
    now: context.parts.clock.now(),
    resetFields: resetFieldsOf(definition, subresource),
  })
}

const STATUS = fieldSetOfPaths([['status']])
const SPEC = fieldSetOfPaths([['spec']])

/** Fields that this endpoint cannot change, so that its writers never own them. */
export function resetFieldsOf(definition: ResourceDefinition, subresource: string): FieldSet | undefined {
  if (!definition.hasStatus) return undefined
  if (subresource === 'status') return SPEC
  return subresource === '' ? STATUS : undefined
}
