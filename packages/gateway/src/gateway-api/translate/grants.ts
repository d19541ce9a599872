// Whether an object may refer to one of another namespace: only where a ReferenceGrant beside the other one says so.

import type { KubeObject } from '@brume/api/object'
import { listOf } from '@brume/api/validate/json'
import { GROUP } from '../kinds.ts'

export interface Reference {
  /** Kind of this API that refers. */
  fromKind: string
  fromNamespace: string
  /** '' for the core group. */
  toGroup: string
  toKind: string
  toNamespace: string
  toName: string
}

export function isGranted(reference: Reference, grants: readonly KubeObject[]): boolean {
  const { fromKind, fromNamespace, toGroup, toKind, toNamespace, toName } = reference
  if (fromNamespace === toNamespace) return true
  return grants.some(
    ({ metadata, spec }) =>
      metadata.namespace === toNamespace &&
      listOf(spec?.from).some(
        ({ group, kind, namespace }) => group === GROUP && kind === fromKind && namespace === fromNamespace,
      ) &&
      listOf(spec?.to).some(
        ({ group, kind, name }) =>
          group === toGroup && kind === toKind && (name === undefined || name === '' || name === toName),
      ),
  )
}

/** What to do about a reference that is not granted. */
export function grantNeeded({ fromKind, fromNamespace, toKind, toNamespace, toName }: Reference): string {
  return `no ReferenceGrant in namespace ${toNamespace} lets a ${fromKind} of ${fromNamespace} refer to ${toKind} ${toName}; create one there`
}
