// job: runs pods to completion.

import type { KubeObject } from '@brume/api/object'
import { fromStructured } from '@brume/api/selectors/structured'
import { JOBS, PODS } from '@brume/client/builtin'
import { type ControllerSpec, defineController, fromInformer } from '@brume/client/controller'
import { EventRecorder } from '@brume/client/event-recorder'
import type { Dependencies } from '../dependencies.ts'
import { OwnWrites } from '../pod-control/own-writes.ts'
import { controllerOf, OwnedObjects } from '../pod-control/owner.ts'
import { podControl } from '../pod-control/pod-control.ts'
import { fromOwned } from '../pod-control/sources.ts'
import { actOnJob } from './act.ts'
import { type Backoff, NO_BACKOFF } from './backoff.ts'
import { decideJob, type JobAction, type ObservedJob } from './decide.ts'
import { isTracked } from './pods.ts'

const WORKERS = 5
const TRACKED_FOR = 'tracked-for'
const JOB_NAME = 'batch.kubernetes.io/job-name'

export function jobController({ client, informers, clock, logger }: Dependencies): ControllerSpec {
  const kind = { ...JOBS, kind: 'Job', apiVersion: 'batch/v1' }
  const jobs = informers.for(JOBS)
  const podInformer = informers.for(PODS)
  podInformer.addIndex(TRACKED_FOR, trackedFor)
  const written = new OwnWrites(jobs, clock)
  const pods = new OwnedObjects(podInformer, clock)
  const events = new EventRecorder({ client, component: 'job-controller', clock, logger })
  const control = podControl({ client, events, owners: kind }, pods)
  const backoffs = new Map<string, Backoff>()
  jobs.addHandler({ delete: ({ metadata }) => void backoffs.delete(metadata.uid!) })
  return defineController<ObservedJob, JobAction>({
    name: 'job',
    workers: WORKERS,
    sources: [
      fromInformer(jobs),
      fromOwned(podInformer, {
        owners: jobs,
        kind,
        selects: (job, pod) => fromStructured(job['spec'].selector).matches(pod.metadata.labels),
      }),
      fromInformer(podInformer, trackedFor),
    ],
    observe(key) {
      const found = written.get(key)
      const job = found && { ...found, apiVersion: kind.apiVersion, kind: kind.kind }
      const uid = job?.metadata.uid
      const strays = podInformer.store
        .byIndex(TRACKED_FOR, key)
        .map((pod) => pods.ownedBy(controllerOf(pod)?.uid ?? '').find((own) => own === pod) ?? pod)
        .filter((pod) => isTracked(pod) && controllerOf(pod)?.uid !== uid)
      if (job === undefined) {
        return strays.length === 0 ? undefined : { job, owned: [], orphans: [], strays, backoff: NO_BACKOFF }
      }
      return {
        job,
        owned: pods.ownedBy(uid!),
        orphans: pods.orphans(job.metadata.namespace!),
        strays,
        backoff: backoffs.get(uid!) ?? NO_BACKOFF,
      }
    },
    decide: decideJob,
    act: (action) => actOnJob({ client, events, kind, control, pods, jobs: written, backoffs }, action),
  })
}

/** The key of the Job for whose sake a pod is held. */
function trackedFor(pod: KubeObject): readonly string[] {
  if (!isTracked(pod)) return []
  const owner = controllerOf(pod)
  if (owner !== undefined && owner.kind !== 'Job') return []
  const name = owner?.name ?? pod.metadata.labels?.[JOB_NAME]
  return name === undefined ? [] : [`${pod.metadata.namespace}/${name}`]
}
