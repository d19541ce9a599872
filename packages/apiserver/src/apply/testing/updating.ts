// Writes of widgets that are no apply, for tests.

import type { KubeObject, ManagedFieldsEntry } from '@brume/api/object'
import { deepFreeze } from '@brume/base/values'
import { type UpdateManagedFieldsOptions, updateManagedFields } from '../managed-fields.ts'
import { WIDGET } from './schemas.ts'

export const NOON = Date.UTC(2026, 0, 1, 12)

type Options = Partial<UpdateManagedFieldsOptions> & { updated: KubeObject }

/** managedFields after the write, by `me` unless it says otherwise. */
export function update(options: Options): ManagedFieldsEntry[] {
  const defaults = { live: undefined, schema: WIDGET, manager: 'me', apiVersion: 'x.dev/v1', now: NOON }
  return updateManagedFields({ ...defaults, ...options })
}

/** The object as stored after a write. */
export function written(options: Options): KubeObject {
  const managedFields = update(options)
  return deepFreeze({ ...options.updated, metadata: { ...options.updated.metadata, managedFields } })
}

/** `manager operation [subresource]` -> fieldsV1 as JSON. */
export function shown(entries: readonly ManagedFieldsEntry[]): Record<string, string> {
  const name = (e: ManagedFieldsEntry) => [e.manager, e.operation, e.subresource].filter(Boolean).join(' ')
  return Object.fromEntries(entries.map((e) => [name(e), JSON.stringify(e.fieldsV1)]))
}
