// A Job in memory for tests: its actions are carried out at once, and its pods end as the test says.

import type { KubeObject } from '@brume/api/object'
import { at, NOW } from '../pod-control/testing.ts'
import { jobPod } from './act.ts'
import { type Backoff, NO_BACKOFF } from './backoff.ts'
import { decideJob, type JobAction } from './decide.ts'
import { isJobFinished } from './outcome.ts'
import { isTracked } from './pods.ts'

export function job(spec: object = {}, status?: object): KubeObject {
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'j', namespace: 'ns', uid: 'j', generation: 1 },
    spec: {
      parallelism: 1,
      completions: 1,
      backoffLimit: 6,
      completionMode: 'NonIndexed',
      podReplacementPolicy: 'TerminatingOrFailed',
      selector: { matchLabels: { job: 'j' } },
      template: {
        metadata: { labels: { job: 'j' } },
        spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'example.org/c:1' }] },
      },
      ...spec,
    },
    ...(status === undefined ? {} : { status }),
  }
}

export class JobWorld {
  job: KubeObject
  pods: KubeObject[] = []
  backoff: Backoff = NO_BACKOFF
  now = NOW
  said: string[] = []
  /** Deleted pods stay until the test ends them. */
  graceful = false
  #sequence = 0

  constructor(made: KubeObject) {
    this.job = made
  }

  get status(): KubeObject['status'] {
    return this.job['status'] ?? {}
  }

  /** Rounds until nothing is left to do; the plan of the last one's requeue time. */
  settle(limit = 20): number | undefined {
    for (let round = 0; round < limit; round++) {
      const plan = decideJob(
        { job: this.job, owned: this.pods, orphans: [], strays: [], backoff: this.backoff },
        this.now,
      )
      if (plan.actions.length === 0) return plan.requeueAfterMs
      for (const action of plan.actions) this.act(action)
    }
    throw new Error(`the job does not settle: ${JSON.stringify(this.status)}`)
  }

  end(pod: KubeObject, phase: 'Succeeded' | 'Failed', status: object = {}): void {
    this.#put({ ...pod, status: { phase, ...status } })
  }

  /** Pods that were made and have not ended. */
  running(): KubeObject[] {
    return this.pods.filter((pod) => pod['status'].phase === 'Running')
  }

  finished(): string | undefined {
    if (!isJobFinished(this.job)) return undefined
    const last = this.status.conditions.at(-1)
    return `${last.type}: ${last.reason}`
  }

  act(action: JobAction): void {
    if (action.type === 'setStatus') this.job = { ...this.job, status: action.status }
    if (action.type === 'remember') this.backoff = action.backoff
    if (action.type === 'say') this.said.push(action.text.reason)
    if (action.type === 'untrack') {
      for (const { metadata } of action.pods) {
        const known = this.pods.find((pod) => pod.metadata.uid === metadata.uid)
        if (known !== undefined) this.#put({ ...known, metadata: { ...known.metadata, finalizers: [] } })
      }
    }
    if (action.type === 'createPods') {
      for (const made of action.pods) {
        const pod = jobPod(this.job, made, { apiVersion: 'batch/v1', kind: 'Job' })
        const name = `p${++this.#sequence}`
        const metadata = { ...pod.metadata, name, uid: name, creationTimestamp: at(this.now - NOW) }
        this.#put({ ...pod, metadata, status: { phase: 'Running' } })
      }
    }
    if (action.type === 'deletePods') {
      for (const { metadata } of action.pods) {
        const known = this.pods.find((pod) => pod.metadata.uid === metadata.uid)
        if (known === undefined) continue
        this.#put({ ...known, metadata: { ...known.metadata, deletionTimestamp: at(0) } })
      }
    }
    this.#sweep()
  }

  #put(pod: KubeObject): void {
    const others = this.pods.filter(({ metadata }) => metadata.uid !== pod.metadata.uid)
    this.pods = [...others, pod]
    this.#sweep()
  }

  /** Pods that are deleted and held by nothing are gone. */
  #sweep(): void {
    this.pods = this.pods.filter((pod) => {
      if (pod.metadata.deletionTimestamp === undefined) return true
      if (isTracked(pod)) return true
      return this.graceful && pod['status'].phase === 'Running'
    })
  }
}
