// The calls of the Job controller.

import type { KubeObject } from '@brume/api/object'
import { isStatus } from '@brume/base/errors'
import { JOBS, PODS } from '@brume/client/builtin'
import type { Client } from '@brume/client/client'
import type { EventRecorder } from '@brume/client/event-recorder'
import type { OwnWrites } from '../pod-control/own-writes.ts'
import type { OwnedObjects, OwnerKind } from '../pod-control/owner.ts'
import type { PodControl } from '../pod-control/pod-control.ts'
import { all, slowStart } from '../pod-control/slow-start.ts'
import { podOf } from '../pod-control/template.ts'
import type { Backoff } from './backoff.ts'
import type { JobAction } from './decide.ts'
import type { NewPod } from './difference.ts'
import { INDEX } from './index-set.ts'
import { TRACKING } from './pods.ts'

export interface ActOptions {
  client: Client
  events: EventRecorder
  kind: OwnerKind
  control: PodControl
  pods: OwnedObjects
  jobs: OwnWrites<KubeObject>
  /** By uid. */
  backoffs: Map<string, Backoff>
}

export async function actOnJob(options: ActOptions, action: JobAction): Promise<void> {
  const { client, control, events } = options
  switch (action.type) {
    case 'adopt':
      return control.adopt(action.job, action.pod)
    case 'release':
      return control.release(action.job, action.pod)
    case 'setStatus':
      return options.jobs.wrote(
        await client.resource(JOBS).updateStatus({ ...action.job, status: action.status }),
      )
    case 'untrack':
      return all(action.pods.length, (i) => untrackPod(options, action.pods[i]!))
    case 'deletePods':
      return all(action.pods.length, (i) => control.delete(action.job, action.pods[i]!))
    case 'createPods':
      return slowStart(action.pods.length, async (i) => {
        await control.create(action.job, jobPod(action.job, action.pods[i]!, options.kind))
      })
    case 'remember':
      return void options.backoffs.set(action.job.metadata.uid!, action.backoff)
    case 'say':
      return void events.record(action.job, action.text)
  }
}

/** The pod of a Job, with its finalizer and, in an Indexed Job, all by which it can know its index. */
export function jobPod(job: KubeObject, { index, annotations }: NewPod, kind: OwnerKind): KubeObject {
  const pod = podOf(job['spec'].template, job, kind)
  pod.metadata.finalizers = [...(pod.metadata.finalizers ?? []), TRACKING]
  if (index === undefined) return pod
  pod.metadata.annotations = { ...pod.metadata.annotations, ...annotations, [INDEX]: String(index) }
  pod.metadata.labels = { ...pod.metadata.labels, [INDEX]: String(index) }
  pod.metadata.generateName = `${job.metadata.name}-${index}-`
  pod['spec'].hostname = `${job.metadata.name}-${index}`
  const fieldRef = { apiVersion: 'v1', fieldPath: `metadata.labels['${INDEX}']` }
  const variable = { name: 'JOB_COMPLETION_INDEX', valueFrom: { fieldRef } }
  for (const container of [...(pod['spec'].initContainers ?? []), ...pod['spec'].containers]) {
    const known = (container.env ?? []).some(({ name }: { name: string }) => name === variable.name)
    if (!known) container.env = [...(container.env ?? []), variable]
  }
  return pod
}

async function untrackPod({ client, pods }: ActOptions, pod: KubeObject): Promise<void> {
  const { namespace, name, uid } = pod.metadata
  const body = { metadata: { uid, '$deleteFromPrimitiveList/finalizers': [TRACKING] } }
  try {
    const key = { namespace: namespace!, name: name! }
    pods.wrote(await client.resource(PODS).patch(key, { type: 'strategic', body }))
  } catch (error) {
    // Gone, or another pod has its name.
    if (!isStatus(error, 'NotFound') && !isStatus(error, 'Conflict')) throw error
    pods.deleted(pod, undefined)
  }
}
