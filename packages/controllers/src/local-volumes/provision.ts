// A volume for a claim: a directory of the node that the scheduler chose for the claim's first pod.

import { DIRECTORY, FINALIZER, PROVISIONED_BY, PROVISIONER } from '@brume/api/local-volumes'
import type { KubeObject } from '@brume/api/object'
import type { Plan } from '@brume/client/controller'
import { SELECTED_NODE } from '@brume/scheduler/volumes'

export interface ObservedClaim {
  claim: KubeObject
  storageClass: KubeObject | undefined
  /** The one that was chosen. */
  node: KubeObject | undefined
  /** Whether its volume is there. */
  hasVolume: boolean
}

export type ProvisionAction =
  | { type: 'create'; volume: KubeObject }
  /** The scheduler places the pod anew. */
  | { type: 'unselect'; claim: KubeObject }
  | { type: 'say'; claim: KubeObject; kind: 'Normal' | 'Warning'; reason: string; message: string }

/** One node reads and writes a directory of its own. */
const ACCESS_MODES = ['ReadWriteOnce', 'ReadWriteOncePod']
const HOSTNAME = 'kubernetes.io/hostname'

export function decideProvision(observed: ObservedClaim): Plan<ProvisionAction> {
  return { actions: actionsFor(observed) }
}

export function volumeNameOf({ metadata }: KubeObject): string {
  return `pvc-${metadata.uid}`
}

function actionsFor({ claim, storageClass, node, hasVolume }: ObservedClaim): ProvisionAction[] {
  const selected = claim.metadata.annotations?.[SELECTED_NODE]
  if (storageClass?.['provisioner'] !== PROVISIONER || claim['spec'].volumeName || hasVolume) return []
  if (claim.metadata.deletionTimestamp !== undefined || selected === undefined) return []
  const refusal = whyImpossible(claim)
  if (refusal !== undefined) return [warn(claim, refusal)]
  if (node === undefined) return [{ type: 'unselect', claim }]
  const directory = node.metadata.annotations?.[DIRECTORY]
  if (directory === undefined) {
    const message = `node ${selected} has no directory for local volumes yet: its agent says so by the annotation ${DIRECTORY}`
    return [warn(claim, message)]
  }
  const volume = localVolume({ claim, storageClass, node, directory })
  const message = `Successfully provisioned volume ${volume.metadata.name}`
  return [
    { type: 'create', volume },
    { type: 'say', claim, kind: 'Normal', reason: 'ProvisioningSucceeded', message },
  ]
}

function whyImpossible({ spec }: KubeObject): string | undefined {
  const other = (spec.accessModes ?? []).find((mode: string) => !ACCESS_MODES.includes(mode))
  if (other !== undefined)
    return `a local volume is on one node: ${other} is not possible, ask for ReadWriteOnce`
  if (spec.volumeMode === 'Block') return 'a local volume is a directory: volumeMode Block is not possible'
  if (spec.selector !== undefined)
    return 'a volume that is made for a claim has no labels: take the selector away'
  return undefined
}

function localVolume({
  claim,
  storageClass,
  node,
  directory,
}: {
  claim: KubeObject
  storageClass: KubeObject
  node: KubeObject
  directory: string
}): KubeObject {
  const name = volumeNameOf(claim)
  const { namespace, name: claimName, uid } = claim.metadata
  const hostname = node.metadata.labels?.[HOSTNAME] ?? node.metadata.name!
  const expression = { key: HOSTNAME, operator: 'In', values: [hostname] }
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name, annotations: { [PROVISIONED_BY]: PROVISIONER }, finalizers: [FINALIZER] },
    spec: {
      capacity: { storage: claim['spec'].resources.requests.storage },
      accessModes: claim['spec'].accessModes,
      persistentVolumeReclaimPolicy: storageClass['reclaimPolicy'] ?? 'Delete',
      storageClassName: storageClass.metadata.name,
      volumeMode: 'Filesystem',
      claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name: claimName, uid },
      hostPath: { path: `${directory}/${name}`, type: 'DirectoryOrCreate' },
      nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [expression] }] } },
    },
  }
}

function warn(claim: KubeObject, message: string): ProvisionAction {
  return { type: 'say', claim, kind: 'Warning', reason: 'ProvisioningFailed', message }
}
