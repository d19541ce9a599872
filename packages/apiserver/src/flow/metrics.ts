// How requests flow, under Kubernetes' names.

import { Counter, Gauge, Histogram, type MetricsRegistry } from '../metrics/registry.ts'
import type { FlowSchema } from './classify.ts'
import type { Receiving } from './receiving.ts'
import type { Level, Seats } from './seats.ts'

const LABELS = ['priority_level', 'flow_schema']
const WAIT_BUCKETS = [0.005, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30]

export interface FlowMetrics {
  dispatched(schema: FlowSchema): void
  rejected(schema: FlowSchema, reason: string): void
  /** Only of those who had to; `execute`: they came to be worked on. */
  waited(schema: FlowSchema, seconds: number, execute: boolean): void
}

export function flowMetrics(
  registry: MetricsRegistry,
  { seats, receiving }: { seats: Seats; receiving: Receiving },
): FlowMetrics {
  const add = (name: string, help: string, labels: readonly string[]) =>
    registry.add(new Counter({ name: `apiserver_flowcontrol_${name}`, help, labels }))
  const dispatched = add('dispatched_requests_total', 'Requests that were worked on.', LABELS)
  const rejected = add('rejected_requests_total', 'Requests that were refused.', [...LABELS, 'reason'])
  const waits = registry.add(
    new Histogram({
      name: 'apiserver_flowcontrol_request_wait_duration_seconds',
      help: 'Time in a queue, of requests that had to wait.',
      labels: [...LABELS, 'execute'],
      buckets: WAIT_BUCKETS,
    }),
  )
  const gauge = (name: string, help: string, of: (level: Level) => number) =>
    registry.add(
      new Gauge({
        name: `apiserver_flowcontrol_${name}`,
        help,
        labels: ['priority_level'],
        read: () => [...seats.levels].map((level) => [[level.spec.name], of(level)] as const),
      }),
    )
  gauge('nominal_limit_seats', 'Seats of a level.', ({ nominal }) => nominal)
  gauge('current_executing_requests', 'Requests being worked on.', ({ executing }) => executing)
  gauge('current_inqueue_requests', 'Requests that wait.', ({ queues }) => queues.waiting)
  registry.add(
    new Gauge({
      name: 'brume_request_bodies',
      help: 'Bodies of requests that are being received, and requests that wait to send theirs; without exempt ones.',
      labels: ['state'],
      read: () => Object.entries(receiving.counts).map(([state, count]) => [[state], count] as const),
    }),
  )
  return {
    dispatched: ({ level, name }) => dispatched.add([level, name]),
    rejected: ({ level, name }, reason) => rejected.add([level, name, reason]),
    waited: ({ level, name }, seconds, execute) => waits.observe([level, name, String(execute)], seconds),
  }
}
