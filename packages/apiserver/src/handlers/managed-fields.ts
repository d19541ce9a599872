// Who owns which field, kept on every write (api-compat.md, trap 9), in the version in which the client wrote.

import type { KubeObject } from '@brume/api/object'
import { apiVersionOf, parseApiVersion, type ResourceDefinition } from '@brume/api/resource'
import { type FieldSet, fieldSetOfPaths } from '../apply/field-set.ts'
import { updateManagedFields } from '../apply/managed-fields.ts'
import type { ConvertVersion } from '../apply/versions.ts'
import type { RequestContext } from './context.ts'
import { toServed, toStored } from './versions.ts'

/** Sets metadata.managedFields of `updated` (in the storage version, like `live`) as after an Update by `manager`. */
export function trackFields(
  context: RequestContext,
  change: { live: KubeObject | undefined; updated: KubeObject; manager: string },
): void {
  const { definition } = context
  const { subresource } = context.info
  change.updated.metadata.managedFields = updateManagedFields({
    live: change.live && served(definition, change.live),
    updated: served(definition, change.updated),
    manager: change.manager,
    operation: 'Update',
    subresource,
    now: context.parts.clock.now(),
    resetFields: resetFieldsOf(definition, subresource),
    ...versionsOf(context),
  })
}

const served = (definition: ResourceDefinition, object: KubeObject) =>
  definition.conversion === undefined ? object : toServed(definition, object)

/** The request's version, its schema, and how to see an object in the kind's other versions, if it has any. */
export function versionsOf({ definition, parts }: RequestContext): {
  apiVersion: string
  schema: ResourceDefinition['schema']
  convert?: ConvertVersion
} {
  const { group, version, kind, schema } = definition
  const own = { apiVersion: apiVersionOf(group, version), schema }
  if (!parts.registry.hasSeveralVersions(definition)) return own
  return {
    ...own,
    convert(object, apiVersion) {
      const wanted = parseApiVersion(apiVersion)
      const other = parts.registry.lookupKind(wanted.group, wanted.version, kind)
      if (other === undefined) return undefined
      const converted = toServed(other, toStored(definition, object))
      return { object: converted, schema: other.schema }
    },
  }
}

const STATUS = fieldSetOfPaths([['status']])
const SPEC = fieldSetOfPaths([['spec']])
const METADATA_AND_SPEC = fieldSetOfPaths([['metadata'], ['spec']])

/** Fields that this endpoint cannot change, so that its writers never own them. */
export function resetFieldsOf(definition: ResourceDefinition, subresource: string): FieldSet | undefined {
  if (!definition.hasStatus) return undefined
  if (subresource === 'status') return definition.statusKeepsMetadata === 'all' ? METADATA_AND_SPEC : SPEC
  return subresource === '' ? STATUS : undefined
}
