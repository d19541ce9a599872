// The provisioner of the storage class `local`: makes volumes for claims, and lets them go.

import { CLEARING, FINALIZER, PROVISIONED_BY, PROVISIONER, TO_CLEAR } from '@brume/api/local-volumes'
import type { KubeObject } from '@brume/api/object'
import { NODES, PERSISTENT_VOLUME_CLAIMS, PERSISTENT_VOLUMES, STORAGE_CLASSES } from '@brume/client/builtin'
import type { Client } from '@brume/client/client'
import { type ControllerSpec, defineController, fromInformer } from '@brume/client/controller'
import { EventRecorder } from '@brume/client/event-recorder'
import { keyOf } from '@brume/client/resource-ref'
import { createIfAbsent, deleteIfPresent, patchIfPresent } from '@brume/client/writes'
import { storageClassOf } from '@brume/scheduler/volume-match'
import { SELECTED_NODE } from '@brume/scheduler/volumes'
import type { WorkloadDependencies } from '../pod-control/dependencies.ts'
import { decideProvision, type ObservedClaim, type ProvisionAction, volumeNameOf } from './provision.ts'
import { decideReclaim, hostnameOf, type ObservedVolume, type ReclaimAction, toClear } from './reclaim.ts'

const BY_HOSTNAME = 'hostname'
const OF_NODE = 'local-on-node'

export function localProvisioner({ client, informers, clock, logger }: WorkloadDependencies): ControllerSpec {
  const claims = informers.for(PERSISTENT_VOLUME_CLAIMS)
  const volumes = informers.for(PERSISTENT_VOLUMES)
  const classes = informers.for(STORAGE_CLASSES)
  const nodes = informers.for(NODES)
  claims.addIndex(SELECTED_NODE, selectedOf)
  const events = new EventRecorder({ client, component: PROVISIONER, clock, logger })
  const waiting = ({ metadata }: KubeObject) => claims.store.byIndex(SELECTED_NODE, metadata.name!).map(keyOf)
  return defineController<ObservedClaim, ProvisionAction>({
    name: 'local-provisioner',
    sources: [
      fromInformer(claims),
      // Its agent may have said only now where volumes go. Heartbeats wake nobody.
      fromInformer(nodes, (node, before) =>
        before?.metadata.annotations === node.metadata.annotations ? [] : waiting(node),
      ),
      { start: () => () => {}, synced: () => volumes.synced() },
      { start: () => () => {}, synced: () => classes.synced() },
    ],
    observe(key) {
      const claim = claims.store.getByKey(key)
      if (claim === undefined) return undefined
      return {
        claim,
        storageClass: classes.store.get('', storageClassOf(claim)),
        node: nodes.store.get('', claim.metadata.annotations?.[SELECTED_NODE] ?? ''),
        hasVolume: volumes.store.get('', volumeNameOf(claim)) !== undefined,
      }
    },
    decide: decideProvision,
    async act(action) {
      if (action.type === 'create') {
        await createIfAbsent(client.resource(PERSISTENT_VOLUMES), action.volume)
      } else if (action.type === 'unselect') {
        const { namespace, name, uid, resourceVersion } = action.claim.metadata
        const body = { metadata: { uid, resourceVersion, annotations: { [SELECTED_NODE]: null } } }
        const key = { namespace: namespace!, name: name! }
        await patchIfPresent(client.resource(PERSISTENT_VOLUME_CLAIMS), key, { type: 'merge', body })
      } else {
        const { claim, kind, reason, message } = action
        const subject = { ...claim, apiVersion: 'v1', kind: 'PersistentVolumeClaim' }
        await events.record(subject, { type: kind, reason, message })
      }
    },
  })
}

/** Claims without a volume, by the node that was chosen for them. */
function selectedOf({ metadata, spec }: KubeObject): string[] {
  const node = metadata.annotations?.[SELECTED_NODE]
  return node === undefined || spec.volumeName ? [] : [node]
}

export function localReclaimer({ client, informers }: WorkloadDependencies): ControllerSpec {
  const volumes = informers.for(PERSISTENT_VOLUMES)
  const nodes = informers.for(NODES)
  nodes.addIndex(BY_HOSTNAME, ({ metadata }) => [
    metadata.labels?.['kubernetes.io/hostname'] ?? metadata.name!,
  ])
  volumes.addIndex(OF_NODE, (volume) => (isLeavingLocal(volume) ? [hostnameOf(volume) ?? ''] : []))
  return defineController<ObservedVolume, ReclaimAction>({
    name: 'local-reclaimer',
    sources: [
      fromInformer(volumes),
      fromInformer(nodes, (node, before) => {
        if (before !== undefined && toClear(before).join() === toClear(node).join()) return []
        const hostname = node.metadata.labels?.['kubernetes.io/hostname'] ?? node.metadata.name!
        return volumes.store.byIndex(OF_NODE, hostname).map(keyOf)
      }),
    ],
    observe(name) {
      const volume = volumes.store.get('', name)
      if (volume === undefined) return undefined
      const [node] = nodes.store.byIndex(BY_HOSTNAME, hostnameOf(volume) ?? '')
      return { volume, node }
    },
    decide: decideReclaim,
    act: (action) => reclaim(client, action),
  })
}

function isLeavingLocal({ metadata }: KubeObject): boolean {
  return metadata.deletionTimestamp !== undefined && metadata.annotations?.[PROVISIONED_BY] === PROVISIONER
}

async function reclaim(client: Client, action: ReclaimAction): Promise<void> {
  const volumes = client.resource(PERSISTENT_VOLUMES)
  if (action.type === 'tellNode') {
    const { name, uid, resourceVersion } = action.node.metadata
    const annotations = { [TO_CLEAR]: action.names.join(',') }
    const body = { metadata: { uid, resourceVersion, annotations } }
    await patchIfPresent(client.resource(NODES), { name: name! }, { type: 'merge', body })
    return
  }
  const { name, uid, resourceVersion, finalizers = [] } = action.volume.metadata
  const key = { name: name! }
  if (action.type === 'delete') {
    await deleteIfPresent(volumes, key, { preconditions: { uid: uid! } })
  } else if (action.type === 'markClearing') {
    const body = { metadata: { uid, annotations: { [CLEARING]: 'true' } } }
    await patchIfPresent(volumes, key, { type: 'merge', body })
  } else {
    const left = finalizers.filter((finalizer) => finalizer !== FINALIZER)
    const body = { metadata: { uid, resourceVersion, finalizers: left } }
    await patchIfPresent(volumes, key, { type: 'merge', body })
  }
}
