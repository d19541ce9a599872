// Deletes Jobs that have finished `ttlSecondsAfterFinished` ago.

import type { KubeObject } from '@brume/api/object'
import { JOBS } from '@brume/client/builtin'
import { type ControllerSpec, defineController, fromInformer, type Plan } from '@brume/client/controller'
import { deleteIfPresent } from '@brume/client/writes'
import type { Dependencies } from '../dependencies.ts'

export interface DeleteJob {
  type: 'delete'
  job: KubeObject
}

export function ttlAfterFinished({ client, informers }: Dependencies): ControllerSpec {
  const jobs = informers.for(JOBS)
  return defineController<KubeObject, DeleteJob>({
    name: 'ttl-after-finished',
    sources: [fromInformer(jobs)],
    observe: (key) => jobs.store.getByKey(key),
    decide: decideFinishedJob,
    async act({ job: { metadata } }) {
      // Its resourceVersion too: the TTL may have been raised meanwhile.
      const preconditions = { uid: metadata.uid!, resourceVersion: metadata.resourceVersion! }
      const key = { namespace: metadata.namespace!, name: metadata.name! }
      await deleteIfPresent(client.resource(JOBS), key, { propagationPolicy: 'Foreground', preconditions })
    },
  })
}

export function decideFinishedJob(job: KubeObject, now: number): Plan<DeleteJob> {
  const ttlSeconds: number | undefined = job.spec?.ttlSecondsAfterFinished
  const finishedAt = finishTime(job)
  if (job.metadata.deletionTimestamp !== undefined) return { actions: [] }
  if (ttlSeconds === undefined || ttlSeconds === null || finishedAt === undefined) return { actions: [] }
  const leftMs = finishedAt + ttlSeconds * 1000 - now
  return leftMs > 0 ? { actions: [], requeueAfterMs: leftMs } : { actions: [{ type: 'delete', job }] }
}

/** Milliseconds since the epoch at which the Job completed or failed. */
function finishTime(job: KubeObject): number | undefined {
  for (const { type, status, lastTransitionTime } of job.status?.conditions ?? []) {
    if ((type === 'Complete' || type === 'Failed') && status === 'True') {
      const time = Date.parse(lastTransitionTime ?? '')
      if (!Number.isNaN(time)) return time
    }
  }
  return undefined
}
