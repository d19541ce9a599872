// HTTPRoutes: what a rule has beside matches, filters and backends. Source: the Gateway API's reference, "HTTPRouteRule".

import { type Json, listOf } from '@brume/api/validate/json'
import type { RetryReason, Rule } from '../../model.ts'
import { durationMs } from './durations.ts'
import { httpMatches, Unsupported } from './http-matches.ts'
import type { RuleKind } from './rules.ts'

/** Those that HAProxy can tell apart before it has answered. */
const RETRIABLE: ReadonlySet<number> = new Set([401, 403, 404, 408, 425, 500, 501, 502, 503, 504])
const MAX_ATTEMPTS = 100

export const HTTP_RULES: RuleKind = {
  prefix: 'httproute',
  matchesOf: httpMatches,
  limitsOf: (rule) => ({ timeoutMs: timeoutsOf(rule), retries: retriesOf(rule.retry) }),
}

function timeoutsOf({ timeouts }: Json): Rule['timeoutMs'] {
  const [request, backend] = (['request', 'backendRequest'] as const).map((field) => {
    const text = timeouts?.[field]
    const ms = durationMs(text)
    if (text !== undefined && ms === undefined)
      throw new Unsupported(`timeouts.${field}: ${JSON.stringify(text)} is no duration, such as 10s`)
    return ms
  })
  if (request !== undefined && backend !== undefined && backend > request)
    throw new Unsupported('timeouts.backendRequest: longer than timeouts.request; make it shorter')
  return { request, backend }
}

/** Waiting between the tries is HAProxy's own business. */
function retriesOf(retry: Json): Rule['retries'] {
  if (retry === undefined) return undefined
  const { attempts = 1, backoff } = retry
  const codes = listOf(retry.codes) as unknown as number[]
  const unknown = codes.find((code) => !RETRIABLE.has(code))
  if (unknown !== undefined) {
    const known = [...RETRIABLE].join(', ')
    throw new Unsupported(`retry.codes: ${unknown} cannot be tried again; use some of ${known}`)
  }
  if (backoff !== undefined) throw new Unsupported('retry.backoff: not served; remove it')
  const on: RetryReason[] = ['conn-failure', 'empty-response', ...codes.map((code) => `${code}` as const)]
  return { attempts: Math.min(attempts, MAX_ATTEMPTS), on }
}
