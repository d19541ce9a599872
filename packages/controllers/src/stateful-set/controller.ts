// StatefulSets: pods with an identity, in order.

import type { KubeObject } from '@brume/api/object'
import { fromStructured } from '@brume/api/selectors/structured'
import { CONTROLLER_REVISIONS, PERSISTENT_VOLUME_CLAIMS, PODS, STATEFUL_SETS } from '@brume/client/builtin'
import { type ControllerSpec, defineController, fromInformer } from '@brume/client/controller'
import { EventRecorder } from '@brume/client/event-recorder'
import type { WorkloadDependencies } from '../pod-control/dependencies.ts'
import { OwnedObjects } from '../pod-control/owner.ts'
import { fromOwned } from '../pod-control/sources.ts'
import { actOnStatefulSet } from './act.ts'
import { decideStatefulSet } from './decide.ts'
import { claimsAt, SET_KIND } from './identity.ts'
import { observeStatefulSet } from './observe.ts'

const WORKERS = 5

export function statefulSetController({
  client,
  informers,
  clock,
  logger,
}: WorkloadDependencies): ControllerSpec {
  const sets = informers.for(STATEFUL_SETS)
  const pods = new OwnedObjects(informers.for(PODS), clock)
  const revisions = new OwnedObjects(informers.for(CONTROLLER_REVISIONS), clock)
  const claims = new OwnedObjects(informers.for(PERSISTENT_VOLUME_CLAIMS), clock)
  const events = new EventRecorder({ client, component: 'statefulset-controller', clock, logger })
  const selects = ({ spec }: KubeObject, object: KubeObject) =>
    fromStructured(spec.selector).matches(object.metadata.labels)
  const owned = { owners: sets, kind: SET_KIND, selects }
  return defineController({
    name: 'statefulset',
    workers: WORKERS,
    sources: [
      fromInformer(sets),
      fromOwned(informers.for(PODS), owned),
      fromOwned(informers.for(CONTROLLER_REVISIONS), owned),
      // A claim that is going holds up the pod that would use it.
      fromInformer(informers.for(PERSISTENT_VOLUME_CLAIMS), (claim) =>
        ownersOfClaim(sets.store.list(claim.metadata.namespace), claim),
      ),
    ],
    observe: (key) =>
      observeStatefulSet({ set: (k) => sets.store.getByKey(k), pods, revisions, claims }, key),
    decide: decideStatefulSet,
    act: (action) => actOnStatefulSet({ client, events, pods, revisions, claims }, action),
  })
}

function ownersOfClaim(sets: readonly KubeObject[], { metadata }: KubeObject): string[] {
  const ordinal = Number(/-(\d+)$/.exec(metadata.name!)?.[1] ?? Number.NaN)
  if (Number.isNaN(ordinal)) return []
  return sets
    .filter((set) => claimsAt(set, ordinal).some((claim) => claim.metadata.name === metadata.name))
    .map((set) => `${set.metadata.namespace}/${set.metadata.name}`)
}
