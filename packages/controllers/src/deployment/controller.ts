// Deployments: ReplicaSets of every template they have had, and a rollout from one to the next.

import { fromStructured } from '@brume/api/selectors/structured'
import { DEPLOYMENTS, PODS, REPLICA_SETS } from '@brume/client/builtin'
import { type ControllerSpec, defineController, fromInformer, type Source } from '@brume/client/controller'
import { EventRecorder } from '@brume/client/event-recorder'
import { keyOf } from '@brume/client/resource-ref'
import type { WorkloadDependencies } from '../pod-control/dependencies.ts'
import { OwnedObjects } from '../pod-control/owner.ts'
import { fromOwned, ownerOf } from '../pod-control/sources.ts'
import { actOnDeployment } from './act.ts'
import { decideDeployment } from './decide.ts'
import { observeDeployment } from './observe.ts'
import { DEPLOYMENT_KIND } from './revisions.ts'

const WORKERS = 5
const SET_KIND = { apiVersion: 'apps/v1', kind: 'ReplicaSet' }

export function deploymentController({
  client,
  informers,
  clock,
  logger,
}: WorkloadDependencies): ControllerSpec {
  const deployments = informers.for(DEPLOYMENTS)
  const replicaSets = informers.for(REPLICA_SETS)
  const sets = new OwnedObjects(replicaSets, clock)
  const pods = new OwnedObjects(informers.for(PODS), clock)
  const failures = new Map<string, string>()
  const events = new EventRecorder({ client, component: 'deployment-controller', clock, logger })
  /** Recreate waits for the last old pod to go. */
  const podsGone: Source = {
    start: (enqueue) =>
      informers.for(PODS).addHandler({
        delete(pod) {
          const set = ownerOf(pod, { owners: replicaSets, kind: SET_KIND })
          const deployment = set && ownerOf(set, { owners: deployments, kind: DEPLOYMENT_KIND })
          if (deployment?.['spec'].strategy?.type === 'Recreate') enqueue(keyOf(deployment))
        },
      }),
    synced: () => informers.for(PODS).synced(),
  }
  const forgetFailures: Source = {
    start: () => deployments.addHandler({ delete: ({ metadata }) => void failures.delete(metadata.uid!) }),
    synced: async () => {},
  }
  return defineController({
    name: 'deployment',
    workers: WORKERS,
    sources: [
      fromInformer(deployments),
      fromOwned(replicaSets, {
        owners: deployments,
        kind: DEPLOYMENT_KIND,
        selects: ({ spec }, set) => fromStructured(spec.selector).matches(set.metadata.labels),
      }),
      podsGone,
      forgetFailures,
    ],
    observe: (key) =>
      observeDeployment({ deployment: (k) => deployments.store.getByKey(k), sets, pods, failures }, key),
    decide: decideDeployment,
    act: (action) => actOnDeployment({ client, events, sets, failures }, action),
  })
}
