// The calls of the DaemonSet controller.

import type { KubeObject } from '@brume/api/object'
import { CONTROLLER_REVISIONS, DAEMON_SETS } from '@brume/client/builtin'
import type { Client } from '@brume/client/client'
import type { EventRecorder } from '@brume/client/event-recorder'
import { actOnRevision } from '../pod-control/act-history.ts'
import type { OwnedObjects } from '../pod-control/owner.ts'
import { adopt, type PodControl } from '../pod-control/pod-control.ts'
import { phaseOf } from '../pod-control/pod-state.ts'
import { all, slowStart } from '../pod-control/slow-start.ts'
import { daemonPod, SET_KIND } from './daemon-pod.ts'
import type { DaemonSetAction } from './decide.ts'
import type { FailedPods } from './failed-pods.ts'

export interface ActOptions {
  client: Client
  events: EventRecorder
  control: PodControl
  revisions: OwnedObjects
  failed: FailedPods
}

export async function actOnDaemonSet(options: ActOptions, action: DaemonSetAction): Promise<void> {
  const { client, events, control, revisions, failed } = options
  const { set } = action
  switch (action.type) {
    case 'adopt':
      return control.adopt(set, action.pod)
    case 'release':
      return control.release(set, action.pod)
    case 'adoptRevision': {
      const kept = { ref: CONTROLLER_REVISIONS, owned: revisions }
      return adopt({ client, owners: { ...DAEMON_SETS, ...SET_KIND } }, kept, set, action.revision)
    }
    case 'createRevision':
    case 'updateRevision':
    case 'deleteRevision':
      return actOnRevision(client, revisions, action)
    case 'createPods':
      return slowStart(action.nodes.length, async (index) => {
        await control.create(set, daemonPod(set, action.nodes[index]!, action.revision))
      })
    case 'deletePods':
      return all(action.pods.length, (index) => control.delete(set, action.pods[index]!))
    case 'replaceFinished': {
      const { pod, node } = action
      if (phaseOf(pod) === 'Failed') failed.add(set.metadata.uid!, node)
      void events.record({ ...set, ...SET_KIND }, finishedText(pod, node))
      return control.delete(set, pod)
    }
    case 'setStatus':
      await client.resource(DAEMON_SETS).updateStatus({ ...set, status: action.status })
      return
    case 'warn':
      return events.record(
        { ...set, ...SET_KIND },
        { type: 'Warning', reason: action.reason, message: action.message },
      )
  }
}

function finishedText(
  pod: KubeObject,
  node: string,
): { type: 'Normal' | 'Warning'; reason: string; message: string } {
  const name = `${pod.metadata.namespace}/${pod.metadata.name} on node ${node}`
  return phaseOf(pod) === 'Failed'
    ? {
        type: 'Warning',
        reason: 'FailedDaemonPod',
        message: `Found failed daemon pod ${name}, will try to kill it`,
      }
    : {
        type: 'Normal',
        reason: 'SucceededDaemonPod',
        message: `Found succeeded daemon pod ${name}, will try to delete it`,
      }
}
