// The conflicts of an apply, in Kubernetes' words.

import { type StatusCause, StatusError } from '@brume/base/errors'
import { describePath, type FieldSet, pathsOf } from './field-set.ts'
import type { Managed } from './managed-entry.ts'

export interface Conflict {
  /** `"kubectl" using apps/v1` */
  owner: string
  path: string[]
}

/** One conflict a field, by owner and in the order of paths. */
export function conflictsOf(owned: readonly { entry: Managed; fields: FieldSet }[]): Conflict[] {
  return owned
    .map(({ entry, fields }) => ({ owner: describeOwner(entry), fields }))
    .sort((a, b) => (a.owner < b.owner ? -1 : 1))
    .flatMap(({ owner, fields }) => pathsOf(fields).map((path) => ({ owner, path })))
}

/** 409 with one cause a conflict. `conflicts` is not empty. */
export function conflictError(conflicts: readonly Conflict[]): StatusError {
  const causes: StatusCause[] = conflicts.map(({ owner, path }) => ({
    reason: 'FieldManagerConflict',
    message: `conflict with ${owner}`,
    field: describePath(path),
  }))
  return new StatusError('Conflict', messageOf(conflicts), { causes })
}

function messageOf(conflicts: readonly Conflict[]): string {
  const [first] = conflicts
  if (conflicts.length === 1 && first !== undefined) {
    return `Apply failed with 1 conflict: conflict with ${first.owner}: ${describePath(first.path)}`
  }
  const lines: string[] = []
  let owner: string | undefined
  for (const conflict of conflicts) {
    if (conflict.owner !== owner) lines.push(`conflicts with ${conflict.owner}:`)
    owner = conflict.owner
    lines.push(`- ${describePath(conflict.path)}`)
  }
  return `Apply failed with ${conflicts.length} conflicts: ${lines.join('\n')}`
}

function describeOwner({ manager, subresource, operation, apiVersion }: Managed): string {
  const name = JSON.stringify(manager)
  const where = subresource === '' ? name : `${name} with subresource ${JSON.stringify(subresource)}`
  return operation === 'Update' ? `${where} using ${apiVersion}` : where
}
