// What is recorded, and what could not be, under Kubernetes' names.

import { Counter, type MetricsRegistry } from '../metrics/registry.ts'
import type { AuditLevel } from './types.ts'

export interface AuditMetrics {
  recorded(level: AuditLevel): void
  /** Events that were not written. */
  lost(events: number): void
}

export function auditMetrics(registry: MetricsRegistry): AuditMetrics {
  const events = registry.add(
    new Counter({ name: 'apiserver_audit_event_total', help: 'Audit events made.' }),
  )
  const levels = registry.add(
    new Counter({
      name: 'apiserver_audit_level_total',
      help: 'Audit events made, by level.',
      labels: ['level'],
    }),
  )
  const errors = registry.add(
    new Counter({
      name: 'apiserver_audit_error_total',
      help: 'Audit events that were not written.',
      labels: ['plugin'],
    }),
  )
  // A figure that is there from the beginning can be watched.
  errors.add(['log'], 0)
  return {
    recorded(level) {
      events.add()
      levels.add([level])
    },
    lost: (count) => errors.add(['log'], count),
  }
}
