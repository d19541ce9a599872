// The pod worker: one controller over the pods of this node. Keys are pod UIDs; they come from the API's pods, from the
// runtime's events, from operations that have ended, from probes, and from objects that pods refer to.

import { type ControllerSpec, defineController, type Enqueue, type Source } from '@brume/client/controller'
import { containerHash } from '../containers/container.ts'
import type { NodeContext, ObjectSource, Pod, Probes } from '../contract.ts'
import { EXIT, watchContainerEvents } from '../cri/events.ts'
import { type ActContext, actOnPod } from './act.ts'
import type { PodAction } from './actions.ts'
import { decidePod } from './decide.ts'
import { Memories } from './memory.ts'
import { Operations } from './operations.ts'
import type { PodSource } from './pod-source.ts'
import type { Observed } from './records.ts'
import { RuntimeViews } from './runtime-view.ts'
import { setbackOf } from './setbacks-of.ts'

export interface PodWorkerOptions {
  context: NodeContext
  pods: PodSource
  objects: ObjectSource
  probes: Probes
  /** Addresses of this node, the first for status.hostIP. */
  hostIps(): readonly string[]
  /** Why this node does not take the pod; asked before anything is done for it. Default: it takes all. */
  refusalOf?(pod: Pod): Observed['refusal']
  /** Pods that have left something on this machine, whoever knows of them. */
  leftoverUids(): Iterable<string>
  /** After a round without errors. */
  settled(observed: Observed): void
  act: Omit<ActContext, 'operations' | 'memories' | 'context' | 'views' | 'pods' | 'probes'>
}

export interface PodWorker {
  spec: ControllerSpec
  views: RuntimeViews
  /** Ends the pod whatever its spec says: node pressure, preemption. */
  condemn(uid: string, verdict: { reason: string; message: string; graceSeconds?: number }): void
  /** Looks at the pod again. */
  wake(uid: string): void
  /** Operations under way are given up; containers go on. */
  stop(): Promise<void>
}

const WORKERS = 8
/** What the runtime has is looked through so often, whatever events came or did not... */
const RELIST_MS = 60_000
/** ...and every so many times each pod is, whatever seems to have changed. */
const LOOK_AT_ALL_EVERY = 10
const STOP_LIMIT_MS = 2000

export function podWorker(options: PodWorkerOptions): PodWorker {
  const { context, pods, objects, probes, hostIps } = options
  const { clock, cri } = context
  let wake: Enqueue = () => {}
  const memories = new Memories()
  const views = new RuntimeViews(cri, clock)
  const operations = new Operations((uid, name, error) => {
    if (error === undefined) memories.succeeded(uid, name)
    else setbackOf({ context, memories, pod: pods.get(uid) }, uid, name, error)
    wake(uid)
  })
  const act: ActContext = { ...options.act, context, pods, probes, operations, memories, views }
  const observe = async (uid: string): Promise<Observed> => {
    // Before the runtime is asked: what ends meanwhile still counts as under way, for the answer may not show it.
    const running = operations.running(uid)
    const [view, leftovers] = await Promise.all([views.of(uid), options.act.leftovers(uid)])
    const pod = pods.get(uid)
    return {
      uid,
      pod,
      ...view,
      probes,
      memory: memories.of(uid, running),
      hostIps: hostIps(),
      specHashOf: containerHash,
      leftovers,
      refusal: pod === undefined ? undefined : options.refusalOf?.(pod),
    }
  }
  const podEvents = pods.source(
    (pod) => {
      objects.register(pod)
      wake(pod.metadata.uid ?? '')
    },
    (uid) => wake(uid),
  )
  const source: Source = {
    start(enqueue) {
      wake = enqueue
      const stops = [
        podEvents.start(enqueue),
        watchContainerEvents(cri, clock, {
          onEvent: (topic, id) => {
            if (topic === EXIT) views.ended(id)
            const uid = views.podOf(id)
            if (uid !== undefined) enqueue(uid)
          },
          onGap: () => void relist(enqueue, false),
        }),
        objects.onChange((uid) => {
          memories.retryNow(uid)
          enqueue(uid)
        }),
      ]
      let round = 0
      const again = () => {
        round++
        void relist(enqueue, round % LOOK_AT_ALL_EVERY === 0)
        timer = clock.after(RELIST_MS, again)
      }
      let timer = clock.after(RELIST_MS, again)
      return () => {
        timer.cancel()
        for (const stop of stops) stop()
      }
    },
    async synced() {
      await podEvents.synced()
      await relist(wake, true)
    },
  }
  /** Pods that only the runtime knows are found here. `all`: also those that seem to be as they were. */
  const relist = async (enqueue: Enqueue, all: boolean) => {
    try {
      const known = all ? [...pods.all()].map(({ metadata }) => metadata.uid ?? '') : []
      for (const uid of new Set([
        ...(await views.changed()),
        ...known,
        ...(all ? options.leftoverUids() : []),
      ]))
        enqueue(uid)
    } catch (error) {
      context.logger.warn('the container runtime gives no answer', { error: String(error) })
    }
  }
  return {
    views,
    wake: (uid) => wake(uid),
    condemn(uid, { reason, message, graceSeconds }) {
      memories.condemn(uid, { reason, message, graceSeconds })
      wake(uid)
    },
    stop: () => operations.stop(STOP_LIMIT_MS),
    spec: defineController<Observed, PodAction>({
      name: 'pods',
      workers: WORKERS,
      sources: [source],
      rateLimit: { baseMs: 200, maxMs: 30_000 },
      observe,
      decide: decidePod,
      act: (action) => actOnPod(act, action),
      settled: (_uid, observed) => options.settled(observed),
    }),
  }
}
