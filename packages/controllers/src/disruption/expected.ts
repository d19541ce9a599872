// How many pods there should be, by the scale of what controls them (Kubernetes' rules for PodDisruptionBudgets).

import type { KubeObject, OwnerReference } from '@brume/api/object'
import { isStatus } from '@brume/base/errors'
import { DEPLOYMENTS, REPLICA_SETS, REPLICATION_CONTROLLERS, STATEFUL_SETS } from '@brume/client/builtin'
import type { Client } from '@brume/client/client'
import type { Informer } from '@brume/client/informer'
import type { Informers } from '@brume/client/informers'
import { controllerOf } from '../pod-control/owner.ts'

export interface Scale {
  uid: string
  replicas: number
}

/** Either a number, or a sentence why there is none. */
export type Expected = { pods: number; unmanaged: readonly string[] } | { why: string }

export interface Scales {
  /** The scale that a pod's controller is part of; a sentence when there is none. */
  of(reference: OwnerReference, namespace: string): Promise<Scale | string>
}

/** Counts each controller once. Pods that nobody controls count for nothing, and are named. */
export async function expectedPods(pods: readonly KubeObject[], scales: Scales): Promise<Expected> {
  const known = new Map<string, Scale>()
  const unmanaged: string[] = []
  for (const pod of pods) {
    const reference = controllerOf(pod)
    if (reference === undefined) {
      unmanaged.push(pod.metadata.name!)
      continue
    }
    if (known.has(reference.uid)) continue
    const scale = await scales.of(reference, pod.metadata.namespace!)
    if (typeof scale === 'string') {
      return { why: scale === '' ? `found no controllers for pod "${pod.metadata.name}"` : scale }
    }
    known.set(reference.uid, scale)
  }
  // The ReplicaSets of one Deployment share its scale.
  const byController = new Map([...known.values()].map(({ uid, replicas }) => [uid, replicas]))
  return { pods: [...byController.values()].reduce((sum, replicas) => sum + replicas, 0), unmanaged }
}

/** Built-in workloads are read from the informers, everything else through its scale subresource. */
export function scalesOf(client: Client, informers: Informers): Scales {
  const sets = informers.for(REPLICA_SETS)
  const deployments = informers.for(DEPLOYMENTS)
  const builtIn: Readonly<Record<string, Informer>> = {
    'apps/StatefulSet': informers.for(STATEFUL_SETS),
    '/ReplicationController': informers.for(REPLICATION_CONTROLLERS),
  }
  return {
    async of(reference, namespace) {
      const group = reference.apiVersion.includes('/') ? reference.apiVersion.split('/')[0]! : ''
      const kind = `${group}/${reference.kind}`
      if (kind !== 'apps/ReplicaSet') {
        const informer = builtIn[kind]
        return informer === undefined
          ? scaleSubresource(client, reference, namespace)
          : (scaleOf(informer, reference, namespace) ?? '')
      }
      const set = sets.store.get(namespace, reference.name)
      if (set?.metadata.uid !== reference.uid) return ''
      const owner = controllerOf(set!)
      if (owner?.kind !== 'Deployment') return scaleOf(sets, reference, namespace) ?? ''
      return scaleOf(deployments, owner, namespace) ?? ''
    },
  }
}

function scaleOf(informer: Informer, { name, uid }: OwnerReference, namespace: string): Scale | undefined {
  const owner = informer.store.get(namespace, name)
  return owner?.metadata.uid === uid ? { uid, replicas: owner['spec'].replicas ?? 1 } : undefined
}

/** An empty text: the owner is gone. */
async function scaleSubresource(
  client: Client,
  { apiVersion, kind, name, uid }: OwnerReference,
  namespace: string,
): Promise<Scale | string> {
  const known = await client.discovery.findKind(apiVersion, kind).catch((error: unknown) => {
    if (isStatus(error, 'NotFound')) return undefined
    throw error
  })
  if (known === undefined) return ''
  if (!known.subresources.includes('scale')) {
    return `${known.group === '' ? known.plural : `${known.plural}.${known.group}`} does not implement the scale subresource`
  }
  try {
    const scale = await client.resource(known).getSubresource({ namespace, name }, 'scale')
    return scale.metadata.uid === uid ? { uid, replicas: scale['spec']?.replicas ?? 0 } : ''
  } catch (error) {
    if (isStatus(error, 'NotFound')) return ''
    throw error
  }
}
