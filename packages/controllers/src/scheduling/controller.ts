// The scheduler: a client of the API like any other. It takes one pod after another, the most important first.

import { seededRandom } from '@brume/base/seeded-random'
import { type ControllerSpec, defineController, type Enqueue } from '@brume/client/controller'
import { EventRecorder } from '@brume/client/event-recorder'
import type { Dependencies } from '../dependencies.ts'
import { actOnPod } from './act.ts'
import { Backlog } from './backlog.ts'
import { ClusterView, NEXT, SCHEDULER_NAME } from './cluster-view.ts'
import { decideScheduling, type ObservedPod, type SchedulingAction } from './decide.ts'
import { Slots } from './slots.ts'

/** Calls under way at once: enough for one commit of the store to carry many bindings. */
const MAX_CALLS = 64

export type SchedulerDependencies = Pick<Dependencies, 'client' | 'informers' | 'clock' | 'random' | 'logger'>

export function scheduler({
  client,
  informers,
  clock,
  random,
  logger,
}: SchedulerDependencies): ControllerSpec {
  const view = new ClusterView(informers)
  const events = new EventRecorder({ client, component: SCHEDULER_NAME, clock, logger })
  const ties = seededRandom(Math.floor(random() * 2 ** 32))
  const slots = new Slots(MAX_CALLS)
  const later = new Backlog({ slots, logger })
  const source = view.source()
  let enqueue: Enqueue = () => {}
  return defineController<ObservedPod, SchedulingAction>({
    name: 'scheduler',
    sources: [
      {
        start(add) {
          enqueue = add
          const stop = source.start(add)
          return () => {
            stop()
            later.clear()
          }
        },
        synced: () => source.synced(),
      },
    ],
    observe() {
      const now = clock.now()
      // A control plane without nodes places nothing: pods wait, untouched, for the first node.
      if (view.snapshot.nodeCount === 0) return undefined
      const volumeWait = view.takeVolumeWait(now)
      const waiting = volumeWait === undefined ? view.queue.take(now) : undefined
      return {
        ...(volumeWait === undefined ? {} : { volumeWait }),
        waiting,
        isAssumed: waiting !== undefined && view.isAssumed(waiting.info.uid),
        nextDueMs: soonest(view.queue.nextDueMs(now), view.volumeWaits.nextDueMs),
        snapshot: view.snapshot,
        nominated: view.nominated.values(),
        budgets: () => view.budgets,
        random: ties,
      }
    },
    decide: decideScheduling,
    act: (action) =>
      actOnPod({ client, clock, logger, events, view, slots, later, look: () => enqueue(NEXT) }, action),
  })
}

function soonest(...times: (number | undefined)[]): number | undefined {
  const known = times.filter((time) => time !== undefined)
  return known.length === 0 ? undefined : Math.min(...known)
}
