// What every request is counted and timed as: the names that Kubernetes dashboards know.

import type { InFlight } from '../http/in-flight.ts'
import type { ApiResponse } from '../http/types.ts'
import type { RequestInfo } from '../request/info.ts'
import { Counter, Gauge, Histogram, type MetricsRegistry } from './registry.ts'

const DURATION_BUCKETS = [
  0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60,
]

export interface RequestMetrics {
  /** Call the result with the answer once it is known. */
  start(info: RequestInfo, method: string): (response: ApiResponse) => void
}

export function requestMetrics(registry: MetricsRegistry, inFlight: InFlight): RequestMetrics {
  const labels = ['verb', 'group', 'version', 'resource', 'subresource', 'scope']
  const total = registry.add(
    new Counter({
      name: 'apiserver_request_total',
      help: 'Requests by verb, resource and HTTP code.',
      labels: [...labels, 'code'],
    }),
  )
  const duration = registry.add(
    new Histogram({
      name: 'apiserver_request_duration_seconds',
      help: 'Time until the head of the answer was ready.',
      labels,
      buckets: DURATION_BUCKETS,
    }),
  )
  registry.add(
    new Gauge({
      name: 'apiserver_current_inflight_requests',
      help: 'Requests being worked on.',
      labels: ['request_kind'],
      read: () => [
        [['readOnly'], inFlight.readOnly],
        [['mutating'], inFlight.mutating],
      ],
    }),
  )
  return {
    start(info) {
      const start = performance.now()
      return (response) => {
        // Paths and kinds that do not exist share one series.
        const known = response.status !== 404 && info.resourceRequest
        const values = known
          ? [
              info.verb.toUpperCase(),
              info.group,
              info.version,
              info.resource,
              info.subresource,
              scopeOf(info),
            ]
          : [info.resourceRequest ? info.verb.toUpperCase() : 'GET', '', '', '', '', '']
        total.add([...values, String(response.status)])
        if (known && info.verb !== 'watch') duration.observe(values, (performance.now() - start) / 1000)
      }
    },
  }
}

function scopeOf(info: RequestInfo): string {
  if (!info.resourceRequest) return ''
  if (info.name !== '') return 'resource'
  return info.namespace === '' ? 'cluster' : 'namespace'
}
