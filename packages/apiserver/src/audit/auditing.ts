// Auditing of one API server: a trail for each request.

import type { Clock } from '@brume/base/clock'
import type { ApiRequest } from '../http/types.ts'
import type { ResourceRegistry } from '../registry/resources.ts'
import type { RequestInfo } from '../request/info.ts'
import { policyMatcher } from './match.ts'
import type { AuditMetrics } from './metrics.ts'
import { Refusals } from './refusals.ts'
import { microClock } from './timestamp.ts'
import { type AuditParts, AuditTrail } from './trail.ts'
import type { AuditPolicy, AuditSink } from './types.ts'

export interface Auditing {
  begin(request: ApiRequest, info: RequestInfo): AuditTrail
}

export function createAuditing(options: {
  policy: AuditPolicy
  sink: AuditSink
  metrics: AuditMetrics
  clock: Clock
  registry: ResourceRegistry
}): Auditing {
  const { policy, sink, metrics, clock, registry } = options
  const parts: AuditParts = {
    match: policyMatcher(policy),
    refusals: policy.recordRefused === true ? new Refusals() : undefined,
    ...{ sink, metrics, registry },
    clock: microClock(clock),
  }
  return { begin: (request, info) => new AuditTrail(parts, request, info) }
}
