// The calls of the Deployment controller.

import { DEPLOYMENTS, REPLICA_SETS } from '@brume/client/builtin'
import type { Client } from '@brume/client/client'
import type { EventRecorder } from '@brume/client/event-recorder'
import { deleteIfPresent } from '@brume/client/writes'
import type { OwnedObjects } from '../pod-control/owner.ts'
import { adopt, isNamespaceLeaving, release, textOf } from '../pod-control/pod-control.ts'
import type { DeploymentAction } from './decide.ts'
import { createdEvent } from './prepare.ts'
import { DEPLOYMENT_KIND, REVISION } from './revisions.ts'

export interface ActOptions {
  client: Client
  events: EventRecorder
  sets: OwnedObjects
  /** By uid: why a ReplicaSet could not be created, for the status. */
  failures: Map<string, string>
}

export async function actOnDeployment(options: ActOptions, action: DeploymentAction): Promise<void> {
  const { client, events, sets, failures } = options
  const { deployment } = action
  const resource = client.resource(REPLICA_SETS)
  const owners = { client, owners: { ...DEPLOYMENTS, ...DEPLOYMENT_KIND } }
  const kept = { ref: REPLICA_SETS, owned: sets }
  const say = (message: string | undefined) => {
    if (message === undefined) return
    void events.record(
      { ...deployment, ...DEPLOYMENT_KIND },
      { type: 'Normal', reason: 'ScalingReplicaSet', message },
    )
  }
  switch (action.type) {
    case 'adopt':
      return adopt(owners, kept, deployment, action.set)
    case 'release':
      return release(owners, kept, deployment, action.set)
    case 'createSet':
      try {
        sets.wrote(await resource.create(action.set))
        failures.delete(deployment.metadata.uid!)
        say(createdEvent(action.set))
      } catch (error) {
        if (isNamespaceLeaving(error)) return
        failures.set(deployment.metadata.uid!, textOf(error))
        throw error
      }
      return
    case 'updateSet':
      sets.wrote(await resource.update(action.set))
      say(action.event)
      return
    case 'deleteSet': {
      const { namespace, name, uid, resourceVersion } = action.set.metadata
      const preconditions = { uid: uid!, resourceVersion: resourceVersion! }
      await deleteIfPresent(resource, { namespace: namespace!, name: name! }, { preconditions })
      return
    }
    case 'setStatus': {
      const { status, revision } = action
      const annotations = {
        ...deployment.metadata.annotations,
        ...(revision === undefined ? {} : { [REVISION]: revision }),
      }
      const metadata = { ...deployment.metadata, annotations }
      await client.resource(DEPLOYMENTS).updateStatus({ ...deployment, metadata, status })
      return
    }
    case 'warn':
      return events.record(
        { ...deployment, ...DEPLOYMENT_KIND },
        { type: 'Warning', reason: action.reason, message: action.message },
      )
  }
}
