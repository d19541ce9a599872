// The calls of the binder. Whatever was decided on an outdated volume ends in a conflict.

import type { KubeObject } from '@brume/api/object'
import { PERSISTENT_VOLUME_CLAIMS, PERSISTENT_VOLUMES } from '@brume/client/builtin'
import type { Client } from '@brume/client/client'
import type { EventRecorder } from '@brume/client/event-recorder'
import { patchIfPresent } from '@brume/client/writes'
import type { VolumeAction } from './decide-claim.ts'
import { BOUND_BY_CONTROLLER } from './reserve.ts'

export interface ActOptions {
  client: Client
  events: EventRecorder
}

export async function actOnVolumes({ client, events }: ActOptions, action: VolumeAction): Promise<void> {
  const volumes = client.resource(PERSISTENT_VOLUMES)
  const claims = client.resource(PERSISTENT_VOLUME_CLAIMS)
  switch (action.type) {
    case 'reserve':
      await volumes.update(action.volume)
      return
    case 'unreserve': {
      const { name, uid, resourceVersion } = action.volume.metadata
      const annotations = action.claimRef === null ? { [BOUND_BY_CONTROLLER]: null } : {}
      const claimRef =
        action.claimRef === null ? null : { ...action.claimRef, uid: null, resourceVersion: null }
      const body = { metadata: { uid, resourceVersion, annotations }, spec: { claimRef } }
      await patchIfPresent(volumes, { name: name! }, { type: 'merge', body })
      return
    }
    case 'volumePhase': {
      const { volume, phase, message = null } = action
      const { name, uid } = volume.metadata
      const body = { metadata: { uid }, status: { phase, message } }
      await patchIfPresent(volumes, { name: name! }, { type: 'merge', body, subresource: 'status' })
      return
    }
    case 'patchClaim': {
      const { claim, annotations, spec } = action
      const { uid, resourceVersion } = claim.metadata
      const metadata = { uid, resourceVersion, ...(annotations && { annotations }) }
      await patchIfPresent(claims, keyOfClaim(claim), {
        type: 'merge',
        body: { metadata, ...(spec && { spec }) },
      })
      return
    }
    case 'claimStatus': {
      const body = { metadata: { uid: action.claim.metadata.uid }, status: action.status }
      await patchIfPresent(claims, keyOfClaim(action.claim), { type: 'merge', body, subresource: 'status' })
      return
    }
    case 'say': {
      const { about, kind, reason, message } = action
      const subject = { ...about, apiVersion: 'v1', kind: 'PersistentVolumeClaim' }
      void events.record(subject, { type: kind, reason, message })
    }
  }
}

function keyOfClaim({ metadata }: KubeObject): { namespace: string; name: string } {
  return { namespace: metadata.namespace!, name: metadata.name! }
}
