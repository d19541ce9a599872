// The calls on ControllerRevisions.

import type { KubeObject } from '@brume/api/object'
import { CONTROLLER_REVISIONS } from '@brume/client/builtin'
import type { Client } from '@brume/client/client'
import { deleteIfPresent } from '@brume/client/writes'
import type { OwnedObjects } from './owner.ts'

export type RevisionAction =
  | { type: 'createRevision'; revision: KubeObject }
  | { type: 'updateRevision'; revision: KubeObject }
  | { type: 'deleteRevision'; revision: KubeObject }

export async function actOnRevision(
  client: Client,
  revisions: OwnedObjects,
  { type, revision }: RevisionAction,
): Promise<void> {
  const resource = client.resource(CONTROLLER_REVISIONS)
  switch (type) {
    case 'createRevision':
      revisions.wrote(await resource.create(revision))
      return
    case 'updateRevision':
      revisions.wrote(await resource.update(revision))
      return
    case 'deleteRevision': {
      const { namespace, name, uid } = revision.metadata
      await deleteIfPresent(
        resource,
        { namespace: namespace!, name: name! },
        { preconditions: { uid: uid! } },
      )
      revisions.deleted(revision, undefined)
    }
  }
}
