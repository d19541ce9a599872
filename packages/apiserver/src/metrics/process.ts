// Process and store metrics under their usual names.

import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Store } from '@brume/store/contract'
import type { OpenStreams } from '../http/open-streams.ts'
import type { WatchHub } from '../watch/hub.ts'
import { Gauge, type MetricsRegistry } from './registry.ts'

const LOOP_RESOLUTION_MS = 10

export function processMetrics(
  registry: MetricsRegistry,
  {
    store,
    watches,
    streams,
    startedAtMs,
  }: { store: Store; watches: WatchHub; streams: OpenStreams; startedAtMs: number },
): void {
  const gauge = (name: string, help: string, read: () => number) =>
    registry.add(new Gauge({ name, help, read: () => [[[], read()]] }))
  const loop = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS })
  loop.enable()
  gauge('process_resident_memory_bytes', 'Resident memory.', () => process.memoryUsage.rss())
  gauge('process_cpu_seconds_total', 'User and system CPU time.', () => {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1e6
  })
  gauge('process_start_time_seconds', 'Start of the process since the epoch.', () => startedAtMs / 1000)
  gauge('nodejs_heap_size_used_bytes', 'JavaScript heap in use.', () => process.memoryUsage().heapUsed)
  gauge(
    'nodejs_eventloop_lag_p99_seconds',
    'Event loop delay, 99th percentile since the last reading.',
    () => {
      // What is measured includes the time that the timer itself was to wait.
      const lagSeconds = Math.max(0, loop.percentile(99) / 1e9 - LOOP_RESOLUTION_MS / 1e3)
      loop.reset()
      return lagSeconds
    },
  )
  gauge('apiserver_longrunning_requests', 'Open watches.', () => watches.watcherCount)
  gauge('apiserver_open_streams', 'Connections handed over to streams.', () => streams.count)
  gauge('brume_store_revision', 'Newest committed revision.', () => store.revision)
  gauge(
    'brume_store_compacted_revision',
    'Oldest revision a watch may start after.',
    () => store.compactedRevision,
  )
  registry.add(
    new Gauge({
      name: 'apiserver_storage_objects',
      help: 'Stored objects by resource.',
      labels: ['resource'],
      read: function* () {
        for (const [bucket, { count }] of store.stats()) yield [[bucket], count] as const
      },
    }),
  )
  registry.add(
    new Gauge({
      name: 'apiserver_storage_size_bytes',
      help: 'Bytes of stored objects by resource.',
      labels: ['resource'],
      read: function* () {
        for (const [bucket, { bytes }] of store.stats()) yield [[bucket], bytes] as const
      },
    }),
  )
}
