// GRPCRoutes: calls are requests for /SERVICE/METHOD. Source: the Gateway API's reference, "GRPCMethodMatch".

import { type Json, listOf } from '@brume/api/validate/json'
import { checkPattern, type Match, Unsupported, valueMatches } from './http-matches.ts'
import { literally } from './patterns.ts'
import type { RuleKind } from './rules.ts'

const ANY = '[^/]+'
/** An expression, since those of single methods are: as a prefix it would be taken before them. */
const EVERY_CALL: Match['path'] = { type: 'regex', value: '/.*' }

export const GRPC_RULES: RuleKind = {
  prefix: 'grpcroute',
  matchesOf(rule) {
    const matches = listOf(rule.matches)
    return (matches.length === 0 ? [{}] : matches).map(({ method, headers }) => ({
      path: pathOf(method ?? {}),
      method: undefined,
      headers: valueMatches('headers', headers),
      query: [],
      ...((method?.service ?? '') === '' && (method?.method ?? '') === '' ? { isLast: true } : {}),
    }))
  },
  limitsOf: () => ({ timeoutMs: { request: undefined, backend: undefined }, retries: undefined }),
}

function pathOf({ type = 'Exact', service, method }: Json): Match['path'] {
  if ((service ?? '') === '' && (method ?? '') === '') return EVERY_CALL
  if (type === 'RegularExpression') {
    // Each is judged by itself: a parenthesis of one must not close the other's.
    const [left, right] = [service, method].map((part) => {
      if ((part ?? '') === '') return ANY
      checkPattern('method', part)
      return `(?:${part})`
    })
    return { type: 'regex', value: `/${left}/${right}` }
  }
  for (const part of [service, method]) {
    if (part !== undefined && !/^[\w.]*$/.test(part))
      throw new Unsupported(`method: ${JSON.stringify(part)} is no name of gRPC's`)
  }
  if ((method ?? '') === '') return { type: 'prefix', value: `/${service}/` }
  if ((service ?? '') === '') return { type: 'regex', value: `/${ANY}/${literally(method)}` }
  return { type: 'exact', value: `/${service}/${method}` }
}
