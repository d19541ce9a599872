// Where a pod's volumes let it run. Bound claims tie it to where their volumes are; claims that wait for their first pod
// go where a volume suits them or can be made; everything else the pod waits for.

import type { KubeObject } from '@brume/api/object'
import type { NodeEntry } from './node-entry.ts'
import type { Json, PodInfo } from './pod-info.ts'
import { FITS, VOLUME_CONFLICT, VOLUME_GONE, VOLUME_IN_USE, VOLUME_UNAVAILABLE } from './reasons.ts'
import { matchingVolume, reaches, storageClassOf } from './volume-match.ts'

export interface VolumeReader {
  claim(namespace: string, name: string): KubeObject | undefined
  volume(name: string): KubeObject | undefined
  storageClass(name: string): KubeObject | undefined
  /** All of them. */
  volumes(): Iterable<KubeObject>
  /** Names of volumes that are being bound. */
  taken: ReadonlySet<string>
}

export const NO_VOLUMES: VolumeReader = {
  claim: () => undefined,
  volume: () => undefined,
  storageClass: () => undefined,
  volumes: () => [],
  taken: new Set(),
}

/** On a claim: the node of its first pod, for whoever makes the volume. */
export const SELECTED_NODE = 'volume.kubernetes.io/selected-node'
/** The provisioner of classes whose volumes people make. */
const NO_PROVISIONER = 'kubernetes.io/no-provisioner'

export interface VolumeNeeds {
  /** The bound claims' volumes; undefined where a volume is gone. */
  readonly volumes: readonly (KubeObject | undefined)[]
  /** Claims that wait for their first pod. */
  readonly unbound: readonly KubeObject[]
  /** `namespace/name` of claims that one pod may use at a time. */
  readonly exclusive: readonly string[]
}

export type VolumeDemand = { wait: string; remedy: string } | VolumeNeeds

/** What has to be done so that a pod's claims are bound when it is on a node. */
export interface VolumePlan {
  bind: { claim: KubeObject; volume: KubeObject }[]
  provision: KubeObject[]
}

/** undefined: the pod has no claims. */
export function volumeDemandOf(info: PodInfo, reader: VolumeReader): VolumeDemand | undefined {
  if (info.claims.length === 0) return undefined
  const needs = {
    volumes: [] as (KubeObject | undefined)[],
    unbound: [] as KubeObject[],
    exclusive: [] as string[],
  }
  for (const { name, isEphemeral } of info.claims) {
    const claim = reader.claim(info.namespace, name)
    const wait = claim === undefined ? missing(name, isEphemeral) : whyUnusable(info, claim, isEphemeral)
    if (wait !== undefined) return wait
    if (claim!['spec'].accessModes?.includes('ReadWriteOncePod'))
      needs.exclusive.push(`${info.namespace}/${name}`)
    if (isBound(claim!)) needs.volumes.push(reader.volume(claim!['spec'].volumeName))
    else if (isDelayed(claim!, reader)) needs.unbound.push(claim!)
    else {
      const remedy = `bind the claim ${name} to a volume`
      return { wait: 'pod has unbound immediate PersistentVolumeClaims', remedy }
    }
  }
  return needs
}

/** FITS or a reason. `users`: how many pods that have a node use a claim. */
export function volumesAllow(
  needs: VolumeNeeds,
  node: NodeEntry,
  { reader, users }: { reader: VolumeReader; users(claim: string): number },
): number {
  if (needs.exclusive.some((claim) => users(claim) > 0)) return VOLUME_IN_USE
  for (const volume of needs.volumes) {
    if (volume === undefined) return VOLUME_GONE
    if (!reaches(volume, node.object)) return VOLUME_CONFLICT
  }
  if (needs.unbound.length === 0) return FITS
  return planVolumes(needs.unbound, node, reader) === undefined ? VOLUME_UNAVAILABLE : FITS
}

/** undefined: there is no way on this node. */
export function planVolumes(
  unbound: readonly KubeObject[],
  node: NodeEntry,
  reader: VolumeReader,
): VolumePlan | undefined {
  const plan: VolumePlan = { bind: [], provision: [] }
  const taken = new Set(reader.taken)
  for (const claim of unbound) {
    const selected = claim.metadata.annotations?.[SELECTED_NODE]
    if (selected !== undefined && selected !== node.name) return undefined
    const volume =
      selected === undefined
        ? matchingVolume(claim, reader.volumes(), { node: node.object, taken })
        : undefined
    if (volume !== undefined) {
      taken.add(volume.metadata.name!)
      plan.bind.push({ claim, volume })
    } else if (canProvision(claim, node, reader)) plan.provision.push(claim)
    else return undefined
  }
  return plan
}

function missing(name: string, isEphemeral: boolean): { wait: string; remedy: string } {
  if (!isEphemeral) {
    return { wait: `persistentvolumeclaim "${name}" not found`, remedy: `create the claim ${name}` }
  }
  const wait = `waiting for ephemeral volume controller to create the persistentvolumeclaim "${name}"`
  return { wait, remedy: 'wait a moment' }
}

function whyUnusable(
  { uid, name: pod }: PodInfo,
  { metadata, spec, status }: KubeObject,
  isEphemeral: boolean,
): { wait: string; remedy: string } | undefined {
  const { name } = metadata
  if (metadata.deletionTimestamp !== undefined) {
    const wait = `persistentvolumeclaim "${name}" is being deleted`
    return { wait, remedy: `create the claim ${name} again once it is gone` }
  }
  if (status?.phase === 'Lost') {
    const wait = `persistentvolumeclaim "${name}" bound to non-existent persistentvolume "${spec?.volumeName}"`
    return { wait, remedy: 'restore the volume' }
  }
  const isOwned = metadata.ownerReferences?.some((owner) => owner.controller && owner.uid === uid)
  if (isEphemeral && !isOwned) {
    const wait = `PVC ${metadata.namespace}/${name} was not created for pod ${metadata.namespace}/${pod} (pod is not owner)`
    return { wait, remedy: `delete the claim ${name}, or name the pod or its volume otherwise` }
  }
  return undefined
}

function isBound(claim: KubeObject): boolean {
  return Boolean(claim['spec']?.volumeName) && claim['status']?.phase === 'Bound'
}

function isDelayed(claim: KubeObject, reader: VolumeReader): boolean {
  const storageClass = reader.storageClass(storageClassOf(claim))
  return storageClass?.['volumeBindingMode'] === 'WaitForFirstConsumer' && !claim['spec'].volumeName
}

function canProvision(claim: KubeObject, { labels }: NodeEntry, reader: VolumeReader): boolean {
  const storageClass = reader.storageClass(storageClassOf(claim))
  if (storageClass === undefined || storageClass['provisioner'] === NO_PROVISIONER) return false
  const topologies: Json[] = storageClass['allowedTopologies'] ?? []
  if (topologies.length === 0) return true
  return topologies.some(({ matchLabelExpressions = [] }) =>
    matchLabelExpressions.every(({ key, values }: Json) => values.includes(labels[key])),
  )
}
