// What every request is counted and timed as: the names that Kubernetes dashboards know.

import type { InFlight } from '../http/in-flight.ts'
import type { ApiResponse } from '../http/types.ts'
import type { ResourceRegistry } from '../registry/resources.ts'
import type { RequestInfo, ResourceRequest } from '../request/info.ts'
import { Counter, Gauge, Histogram, type MetricsRegistry } from './registry.ts'

const DURATION_BUCKETS = [
  0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60,
]

export interface RequestMetrics {
  /** Call the result with the answer once it is known. */
  start(info: RequestInfo, method: string): (response: ApiResponse) => void
}

const VERBS = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection']
const OTHER_SUBRESOURCES = ['status', 'scale']

/** Only what is served gets a series of its own: a client that makes up paths or methods must not make up series. */
export function requestMetrics(
  registry: MetricsRegistry,
  { inFlight, resources }: { inFlight: InFlight; resources: Pick<ResourceRegistry, 'lookup'> },
): RequestMetrics {
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
        const served = info.resourceRequest && isServed(resources, info)
        const values = served
          ? [verbOf(info), info.group, info.version, info.resource, info.subresource, scopeOf(info)]
          : [verbOf(info), '', '', '', '', '']
        total.add([...values, String(response.status)])
        if (served && info.verb !== 'watch') duration.observe(values, (performance.now() - start) / 1000)
      }
    },
  }
}

function isServed(resources: Pick<ResourceRegistry, 'lookup'>, info: ResourceRequest): boolean {
  const definition = resources.lookup(info.group, info.version, info.resource)
  if (definition === undefined) return false
  if (info.subresource === '' || OTHER_SUBRESOURCES.includes(info.subresource)) return true
  return definition.subresources.some(({ name }) => name === info.subresource)
}

function verbOf({ verb }: RequestInfo): string {
  return VERBS.includes(verb) ? verb.toUpperCase() : 'other'
}

function scopeOf(info: RequestInfo): string {
  if (!info.resourceRequest) return ''
  if (info.name !== '') return 'resource'
  return info.namespace === '' ? 'cluster' : 'namespace'
}
