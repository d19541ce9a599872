// ReplicaSets and ReplicationControllers: the same rules for two kinds.

import { apiVersionOf } from '@brume/api/resource'
import { PODS, REPLICA_SETS, REPLICATION_CONTROLLERS } from '@brume/client/builtin'
import { type ControllerSpec, defineController, type Enqueue, fromInformer } from '@brume/client/controller'
import { EventRecorder } from '@brume/client/event-recorder'
import type { ResourceRef } from '@brume/client/resource-ref'
import type { WorkloadDependencies } from '../pod-control/dependencies.ts'
import { OwnedObjects } from '../pod-control/owner.ts'
import { podControl } from '../pod-control/pod-control.ts'
import { fromOwned } from '../pod-control/sources.ts'
import { actOnReplicaSet } from './act.ts'
import { decideReplicaSet, selectorOf } from './decide.ts'
import { observeReplicaSet } from './observe.ts'

const WORKERS = 5

export const replicaSetController = (dependencies: WorkloadDependencies) =>
  replicasOf(dependencies, { ref: REPLICA_SETS, name: 'replicaset' })

export const replicationController = (dependencies: WorkloadDependencies) =>
  replicasOf(dependencies, { ref: REPLICATION_CONTROLLERS, name: 'replication' })

function replicasOf(
  { client, informers, clock, logger }: WorkloadDependencies,
  { ref, name }: { ref: ResourceRef; name: string },
): ControllerSpec {
  const kind = { ...ref, kind: ref.kind!, apiVersion: apiVersionOf(ref.group, ref.version) }
  const sets = informers.for(ref)
  const families = new OwnedObjects(sets, clock)
  const pods = new OwnedObjects(informers.for(PODS), clock)
  const failures = new Map<string, string>()
  const events = new EventRecorder({ client, component: `${name}-controller`, clock, logger })
  const control = podControl({ client, events, owners: kind }, pods)
  let enqueue: Enqueue = () => {}
  /** Objects of a list carry no kind. */
  const typed = <T extends object>(object: T) => ({ ...object, apiVersion: kind.apiVersion, kind: kind.kind })
  return defineController({
    name,
    workers: WORKERS,
    sources: [
      {
        start(add) {
          enqueue = add
          const forget = sets.addHandler({ delete: ({ metadata }) => void failures.delete(metadata.uid!) })
          const stop = fromInformer(sets).start(add)
          return () => {
            forget()
            stop()
          }
        },
        synced: () => sets.synced(),
      },
      fromOwned(informers.for(PODS), {
        owners: sets,
        kind,
        selects: (owner, pod) => selectorOf(typed(owner)).matches(pod.metadata.labels),
      }),
    ],
    observe(key) {
      const get = () => {
        const found = sets.store.getByKey(key)
        return found && typed(found)
      }
      const siblings = (owner: string) => families.ownedBy(owner)
      return observeReplicaSet({ get, siblings, pods, failures }, key)
    },
    decide: decideReplicaSet,
    act: (action) => actOnReplicaSet({ client, kind, pods: control, failures, enqueue }, action),
  })
}
