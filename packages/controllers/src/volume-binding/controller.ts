// persistentvolume-binder: brings claims and volumes together.

import type { KubeObject } from '@brume/api/object'
import { PERSISTENT_VOLUME_CLAIMS, PERSISTENT_VOLUMES, STORAGE_CLASSES } from '@brume/client/builtin'
import { type ControllerSpec, defineController, fromInformer } from '@brume/client/controller'
import { EventRecorder } from '@brume/client/event-recorder'
import { keyOf } from '@brume/client/resource-ref'
import { getIfPresent } from '@brume/client/writes'
import { storageClassOf } from '@brume/scheduler/volume-match'
import type { WorkloadDependencies } from '../pod-control/dependencies.ts'
import { actOnVolumes } from './act.ts'
import { decideClaim, type ObservedClaim, type VolumeAction } from './decide-claim.ts'
import { decideVolume, type ObservedVolume } from './decide-volume.ts'

const WORKERS = 4
const UNBOUND = 'unbound'
const DEFAULT_CLASS = 'storageclass.kubernetes.io/is-default-class'

export function claimBinder({ client, informers, clock, logger }: WorkloadDependencies): ControllerSpec {
  const claims = informers.for(PERSISTENT_VOLUME_CLAIMS)
  const volumes = informers.for(PERSISTENT_VOLUMES)
  const classes = informers.for(STORAGE_CLASSES)
  claims.addIndex(UNBOUND, (claim) => (claim['status']?.phase === 'Bound' ? [] : ['']))
  const events = new EventRecorder({ client, component: 'persistentvolume-controller', clock, logger })
  const unbound = (className?: string) =>
    claims.store
      .byIndex(UNBOUND, '')
      .filter((claim) => className === undefined || storageClassOf(claim) === className)
      .map(keyOf)
  return defineController<ObservedClaim, VolumeAction>({
    name: 'persistentvolume-binder',
    workers: WORKERS,
    sources: [
      fromInformer(claims),
      fromInformer(volumes, (volume) => [...claimKeysOf(volume), ...unbound(storageClassOf(volume))]),
      fromInformer(classes, () => unbound()),
    ],
    observe(key) {
      const claim = claims.store.getByKey(key)
      if (claim === undefined) return undefined
      return {
        claim,
        volume: volumes.store.get('', claim['spec'].volumeName ?? ''),
        volumes: claim['spec'].volumeName ? [] : volumes.store.list(),
        storageClass: classes.store.get('', storageClassOf(claim)),
        defaultClass: defaultClassOf(classes.store.list()),
      }
    },
    decide: decideClaim,
    act: (action) => actOnVolumes({ client, events }, action),
  })
}

export function volumeBinder({ client, informers, clock, logger }: WorkloadDependencies): ControllerSpec {
  const claims = informers.for(PERSISTENT_VOLUME_CLAIMS)
  const volumes = informers.for(PERSISTENT_VOLUMES)
  const events = new EventRecorder({ client, component: 'persistentvolume-controller', clock, logger })
  volumes.addIndex('claim', claimKeysOf)
  return defineController<ObservedVolume, VolumeAction>({
    name: 'persistentvolume-phases',
    workers: WORKERS,
    sources: [
      fromInformer(volumes),
      fromInformer(claims, (claim) => volumes.store.byIndex('claim', keyOf(claim)).map(keyOf)),
    ],
    async observe(key) {
      const volume = volumes.store.getByKey(key)
      if (volume === undefined) return undefined
      const [claimKey] = claimKeysOf(volume)
      const known = claimKey === undefined ? undefined : claims.store.getByKey(claimKey)
      const { namespace, name, uid } = volume['spec'].claimRef ?? {}
      // Its data is at stake: a claim that the cache does not know may be newer than the cache.
      const isUnsure = uid && known?.metadata.uid !== uid && volume['status']?.phase !== 'Released'
      const claim = isUnsure
        ? await getIfPresent(client.resource(PERSISTENT_VOLUME_CLAIMS), { namespace, name })
        : known
      return { volume, claim }
    },
    decide: decideVolume,
    act: (action) => actOnVolumes({ client, events }, action),
  })
}

/** The claim that a volume names. */
function claimKeysOf({ spec }: KubeObject): string[] {
  return spec.claimRef === undefined ? [] : [`${spec.claimRef.namespace}/${spec.claimRef.name}`]
}

/** Of several, the newest, as in Kubernetes. */
function defaultClassOf(classes: readonly KubeObject[]): string | undefined {
  const time = ({ metadata }: KubeObject) => metadata.creationTimestamp ?? ''
  return classes
    .filter(({ metadata }) => metadata.annotations?.[DEFAULT_CLASS] === 'true')
    .sort((a, b) => (time(a) < time(b) ? 1 : time(a) > time(b) ? -1 : 0))[0]?.metadata.name
}
