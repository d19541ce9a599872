// The calls of the ReplicaSet controller. Many pods are one action: they are made in growing batches.

import type { KubeObject } from '@brume/api/object'
import type { Client } from '@brume/client/client'
import type { Enqueue } from '@brume/client/controller'
import { keyOf, type ResourceRef } from '@brume/client/resource-ref'
import type { OwnerKind } from '../pod-control/owner.ts'
import { type PodControl, textOf } from '../pod-control/pod-control.ts'
import { all, slowStart } from '../pod-control/slow-start.ts'
import { podOf } from '../pod-control/template.ts'
import type { ReplicaSetAction } from './decide.ts'

export interface ActOptions {
  client: Client
  kind: ResourceRef & OwnerKind
  pods: PodControl
  /** By uid: why pods could not be made or deleted, for the status. */
  failures: Map<string, string>
  enqueue: Enqueue
}

export async function actOnReplicaSet(options: ActOptions, action: ReplicaSetAction): Promise<void> {
  const { client, kind, pods, failures } = options
  const { replicaSet } = action
  switch (action.type) {
    case 'adopt':
      return pods.adopt(replicaSet, action.pod)
    case 'release':
      return pods.release(replicaSet, action.pod)
    case 'setStatus':
      await client.resource(kind).updateStatus({ ...replicaSet, status: action.status })
      return
    case 'createPods':
      return remembered(options, replicaSet, () =>
        slowStart(action.count, async () => {
          await pods.create(replicaSet, podOf(replicaSet['spec'].template, replicaSet, kind))
        }),
      )
    case 'deletePods':
      return remembered(options, replicaSet, () =>
        all(action.pods.length, (index) => pods.delete(replicaSet, action.pods[index]!)),
      )
    case 'recovered':
      failures.delete(replicaSet.metadata.uid!)
      // The status still tells of the failure.
      options.enqueue(keyOf(replicaSet))
  }
}

async function remembered(
  { failures }: ActOptions,
  { metadata }: KubeObject,
  call: () => Promise<void>,
): Promise<void> {
  try {
    await call()
  } catch (error) {
    failures.set(metadata.uid!, textOf(error))
    throw error
  }
}
