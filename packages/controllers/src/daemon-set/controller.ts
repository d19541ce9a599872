// DaemonSets: a pod on every node that fits.

import type { KubeObject } from '@brume/api/object'
import { fromStructured } from '@brume/api/selectors/structured'
import { deepEqual } from '@brume/base/values'
import { CONTROLLER_REVISIONS, DAEMON_SETS, NODES, PODS } from '@brume/client/builtin'
import { type ControllerSpec, defineController, fromInformer, type Source } from '@brume/client/controller'
import { EventRecorder } from '@brume/client/event-recorder'
import { keyOf } from '@brume/client/resource-ref'
import type { WorkloadDependencies } from '../pod-control/dependencies.ts'
import { OwnedObjects } from '../pod-control/owner.ts'
import { podControl } from '../pod-control/pod-control.ts'
import { fromOwned } from '../pod-control/sources.ts'
import { actOnDaemonSet } from './act.ts'
import { SET_KIND } from './daemon-pod.ts'
import { decideDaemonSet } from './decide.ts'
import { FailedPods } from './failed-pods.ts'
import { observeDaemonSet } from './observe.ts'

const WORKERS = 2

export function daemonSetController({
  client,
  informers,
  clock,
  logger,
}: WorkloadDependencies): ControllerSpec {
  const sets = informers.for(DAEMON_SETS)
  const nodes = informers.for(NODES)
  const pods = new OwnedObjects(informers.for(PODS), clock)
  const revisions = new OwnedObjects(informers.for(CONTROLLER_REVISIONS), clock)
  const events = new EventRecorder({ client, component: 'daemonset-controller', clock, logger })
  const control = podControl({ client, events, owners: { ...DAEMON_SETS, ...SET_KIND } }, pods)
  const failed = new FailedPods(clock)
  const owned = {
    owners: sets,
    kind: SET_KIND,
    selects: ({ spec }: KubeObject, object: KubeObject) =>
      fromStructured(spec.selector).matches(object.metadata.labels),
  }
  const forgetFailures: Source = {
    start: () => sets.addHandler({ delete: ({ metadata }) => failed.forget(metadata.uid!) }),
    synced: async () => {},
  }
  return defineController({
    name: 'daemonset',
    workers: WORKERS,
    sources: [
      fromInformer(sets),
      fromInformer(nodes, (node, previous) =>
        previous !== undefined && fitsAlike(node, previous) ? [] : sets.store.list().map(keyOf),
      ),
      fromOwned(informers.for(PODS), owned),
      fromOwned(informers.for(CONTROLLER_REVISIONS), owned),
      forgetFailures,
    ],
    observe: (key) =>
      observeDaemonSet(
        {
          set: (k) => sets.store.getByKey(k),
          nodes: () => nodes.store.list(),
          failedUntil: (uid) => failed.until(uid),
          pods,
          revisions,
        },
        key,
      ),
    decide: decideDaemonSet,
    act: (action) => actOnDaemonSet({ client, events, control, revisions, failed }, action),
  })
}

/** Heartbeats change a node's status many times a minute; only labels and taints matter here. */
function fitsAlike(a: KubeObject, b: KubeObject): boolean {
  return deepEqual(a.metadata.labels, b.metadata.labels) && deepEqual(a['spec']?.taints, b['spec']?.taints)
}
