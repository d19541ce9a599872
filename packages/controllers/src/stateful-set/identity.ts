// The pods of a StatefulSet have a name, labels and claims by their ordinal.

import type { KubeObject } from '@brume/api/object'
import { REVISION_HASH } from '../pod-control/history.ts'
import { controllerReference } from '../pod-control/owner.ts'
import { type PodTemplate, podOf } from '../pod-control/template.ts'

export const SET_KIND = { apiVersion: 'apps/v1', kind: 'StatefulSet' }
const POD_NAME = 'statefulset.kubernetes.io/pod-name'
const POD_INDEX = 'apps.kubernetes.io/pod-index'

/** The ordinal of one of the set's pods by its name; undefined: the name is not of the set. */
export function ordinalOf(set: KubeObject, pod: KubeObject): number | undefined {
  const match = /^(.*)-(\d+)$/.exec(pod.metadata.name ?? '')
  return match !== null && match[1] === set.metadata.name ? Number(match[2]) : undefined
}

/** [first, one past the last] ordinal that should exist. */
export function ordinalsOf({ spec }: KubeObject): [number, number] {
  const start: number = spec.ordinals?.start ?? 0
  return [start, start + (spec.replicas ?? 1)]
}

export interface Version {
  template: PodTemplate
  /** Name of the ControllerRevision. */
  revision: string
}

export function podAt(set: KubeObject, ordinal: number, { template, revision }: Version): KubeObject {
  const pod = podOf(template, set, SET_KIND)
  const { generateName: _, ...metadata } = pod.metadata
  const name = `${set.metadata.name}-${ordinal}`
  const claimed = claimTemplates(set).map(({ metadata: { name: volume } }) => ({
    name: volume,
    persistentVolumeClaim: { claimName: claimName(set, volume!, ordinal) },
  }))
  const names = new Set(claimed.map((volume) => volume.name))
  const volumes = [
    ...claimed,
    ...(pod['spec'].volumes ?? []).filter(({ name: volume }: { name: string }) => !names.has(volume)),
  ]
  return {
    ...pod,
    metadata: {
      ...metadata,
      name,
      labels: { ...metadata.labels, ...identityLabels(set, ordinal), [REVISION_HASH]: revision },
    },
    spec: {
      ...pod['spec'],
      hostname: name,
      ...(set['spec'].serviceName ? { subdomain: set['spec'].serviceName } : {}),
      ...(volumes.length === 0 ? {} : { volumes }),
    },
  }
}

export function identityLabels(set: KubeObject, ordinal: number): Record<string, string> {
  return { [POD_NAME]: `${set.metadata.name}-${ordinal}`, [POD_INDEX]: String(ordinal) }
}

/** The claims that the pod of an ordinal needs. */
export function claimsAt(set: KubeObject, ordinal: number): KubeObject[] {
  return claimTemplates(set).map(({ metadata, spec }) => ({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      name: claimName(set, metadata.name!, ordinal),
      namespace: set.metadata.namespace!,
      labels: { ...metadata.labels, ...set['spec'].selector.matchLabels },
      ...(metadata.annotations === undefined ? {} : { annotations: metadata.annotations }),
    },
    spec,
  }))
}

/** The claim as its retention policy wants it owned; undefined when it is so already or belongs to someone else. */
export function retained(
  set: KubeObject,
  claim: KubeObject,
  pod: KubeObject,
  isScaledDown: boolean,
): KubeObject | undefined {
  const { whenDeleted = 'Retain', whenScaled = 'Retain' } =
    set['spec'].persistentVolumeClaimRetentionPolicy ?? {}
  const byPod = whenScaled === 'Delete' && isScaledDown
  const bySet = whenDeleted === 'Delete' && !byPod
  const before = claim.metadata.ownerReferences ?? []
  const others = before.filter(({ uid }) => uid !== set.metadata.uid && uid !== pod.metadata.uid)
  if (others.some(({ controller }) => controller === true)) return undefined
  const wanted = [
    ...(bySet ? [controllerReference(set, SET_KIND)] : []),
    ...(byPod ? [controllerReference(pod, { apiVersion: 'v1', kind: 'Pod' })] : []),
  ]
  const now = before.filter((reference) => !others.includes(reference)).map(({ uid }) => uid)
  if (now.join() === wanted.map(({ uid }) => uid).join()) return undefined
  return { ...claim, metadata: { ...claim.metadata, ownerReferences: [...others, ...wanted] } }
}

/** It still belongs to an earlier pod of this name, and goes with it. */
export function isStaleClaim(claim: KubeObject, podName: string): boolean {
  return (claim.metadata.ownerReferences ?? []).some(({ kind, name }) => kind === 'Pod' && name === podName)
}

function claimTemplates(set: KubeObject): KubeObject[] {
  return set['spec'].volumeClaimTemplates ?? []
}

function claimName(set: KubeObject, template: string, ordinal: number): string {
  return `${template}-${set.metadata.name}-${ordinal}`
}
