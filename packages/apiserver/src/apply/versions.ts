// Managers own fields in the version they wrote in: their sets are compared against the object in that version.

import type { KubeObject } from '@brume/api/object'
import type { ObjectSchema } from '@brume/api/schema/schema'

export interface VersionedObject {
  object: KubeObject
  schema: ObjectSchema
}

/** The object in another version of its kind, or undefined when that version is not served any more. */
export type ConvertVersion = (object: KubeObject, apiVersion: string) => VersionedObject | undefined

export interface Versions {
  apiVersion: string
  schema: ObjectSchema
  /** Absent: the kind has one version; sets of any other are read as if they were of this one. */
  convert?: ConvertVersion | undefined
}

export function inVersion(
  object: KubeObject,
  apiVersion: string,
  { apiVersion: current, schema, convert }: Versions,
): VersionedObject | undefined {
  if (convert === undefined) return { object, schema }
  if (object.apiVersion === apiVersion && apiVersion === current) return { object, schema }
  return convert(object, apiVersion)
}
