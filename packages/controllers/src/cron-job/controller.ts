// cronjob: makes Jobs by the clock.

import type { KubeObject } from '@brume/api/object'
import { isStatus } from '@brume/base/errors'
import { CRON_JOBS, JOBS } from '@brume/client/builtin'
import { type ControllerSpec, defineController, fromInformer } from '@brume/client/controller'
import { EventRecorder } from '@brume/client/event-recorder'
import { deleteIfPresent } from '@brume/client/writes'
import type { Dependencies } from '../dependencies.ts'
import { OwnWrites } from '../pod-control/own-writes.ts'
import { OwnedObjects } from '../pod-control/owner.ts'
import { isNamespaceLeaving, textOf } from '../pod-control/pod-control.ts'
import { fromOwned } from '../pod-control/sources.ts'
import { type CronJobAction, decideCronJob, type ObservedCronJob } from './decide.ts'

const WORKERS = 5

export function cronJobController({ client, informers, clock, logger }: Dependencies): ControllerSpec {
  const kind = { apiVersion: 'batch/v1', kind: 'CronJob' }
  const cronJobs = informers.for(CRON_JOBS)
  const written = new OwnWrites(cronJobs, clock)
  const jobs = new OwnedObjects(informers.for(JOBS), clock)
  const events = new EventRecorder({ client, component: 'cronjob-controller', clock, logger })
  const say = (cronJob: KubeObject, type: 'Normal' | 'Warning', reason: string, message: string) =>
    void events.record(cronJob, { type, reason, message })

  async function createJob(cronJob: KubeObject, job: KubeObject): Promise<void> {
    try {
      const created = jobs.wrote(await client.resource(JOBS).create(job))
      say(cronJob, 'Normal', 'SuccessfulCreate', `Created job ${created.metadata.name}`)
    } catch (error) {
      // Made before, or not to be made any more.
      if (isStatus(error, 'AlreadyExists') || isNamespaceLeaving(error)) return
      say(cronJob, 'Warning', 'FailedCreate', `Error creating job: ${textOf(error)}`)
      throw error
    }
  }

  async function deleteJob(cronJob: KubeObject, job: KubeObject): Promise<void> {
    const { namespace, name, uid } = job.metadata
    const key = { namespace: namespace!, name: name! }
    const options = { propagationPolicy: 'Background' as const, preconditions: { uid: uid! } }
    if (await deleteIfPresent(client.resource(JOBS), key, options)) {
      say(cronJob, 'Normal', 'SuccessfulDelete', `Deleted job ${name}`)
    }
  }

  return defineController<ObservedCronJob, CronJobAction>({
    name: 'cronjob',
    workers: WORKERS,
    sources: [
      fromInformer(cronJobs),
      fromOwned(informers.for(JOBS), { owners: cronJobs, kind, selects: () => false }),
    ],
    observe(key) {
      const cronJob = written.get(key)
      return cronJob && { cronJob: { ...cronJob, ...kind }, jobs: jobs.ownedBy(cronJob.metadata.uid!) }
    },
    decide: decideCronJob,
    async act(action) {
      const { cronJob } = action
      if (action.type === 'say') return void events.record(cronJob, action.text)
      if (action.type === 'createJob') return createJob(cronJob, action.job)
      if (action.type === 'deleteJob') return deleteJob(cronJob, action.job)
      const status = { ...cronJob, status: action.status }
      written.wrote(await client.resource(CRON_JOBS).updateStatus(status))
    },
  })
}
