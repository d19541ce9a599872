// What a request has to look like for a rule of an HTTPRoute. Source: the Gateway API's reference, "HTTPRouteMatch".

import { type Json, listOf } from '@brume/api/validate/json'
import type { HttpRoute, ValueMatch } from '../../model.ts'
import { patternProblem } from './patterns.ts'

export interface Match extends Pick<HttpRoute, 'path' | 'method' | 'headers' | 'query'> {
  /** Behind all others that are as specific, whatever their age. */
  isLast?: boolean
}

/** A value that cannot be served; the message begins with the field. */
export class Unsupported extends Error {
  override readonly name = 'Unsupported'
}

const MAX_PATH = 1024

/** Throws Unsupported. */
export function httpMatches(rule: Json): Match[] {
  const matches = listOf(rule.matches)
  return (matches.length === 0 ? [{}] : matches).map(({ path, method, headers, queryParams }) => ({
    path: pathOf(path ?? {}),
    method,
    headers: valueMatches('headers', headers),
    query: valueMatches('queryParams', queryParams),
  }))
}

/** Names of headers are the same in any case; of several alike the first counts. */
export function valueMatches(field: 'headers' | 'queryParams', given: Json): ValueMatch[] {
  const found = new Map<string, ValueMatch>()
  for (const { name, type = 'Exact', value } of listOf(given)) {
    const key = field === 'headers' ? name.toLowerCase() : name
    if (found.has(key)) continue
    const regex = type === 'RegularExpression'
    if (regex) checkPattern(`${field}: the value of ${name}`, value)
    found.set(key, { name, value, regex })
  }
  return [...found.values()]
}

/** Throws Unsupported. The expression is to fit the whole value. */
export function checkPattern(field: string, source: string): void {
  const problem = patternProblem(source)
  if (problem !== undefined) throw new Unsupported(`${field} ${problem}`)
}

function pathOf({ type = 'PathPrefix', value = '/' }: Json): Match['path'] {
  if (value.length > MAX_PATH) throw new Unsupported(`path: longer than ${MAX_PATH} letters`)
  if (type === 'RegularExpression') {
    checkPattern('path', value)
    return { type: 'regex', value }
  }
  const fault = pathFault(value)
  if (fault !== undefined) throw new Unsupported(`path: ${JSON.stringify(value)} ${fault}`)
  return { type: type === 'Exact' ? 'exact' : 'prefix', value }
}

/** The API's own rules for paths, which are not evaluated when routes are written here. */
function pathFault(path: string): string | undefined {
  if (!path.startsWith('/')) return 'does not begin with /'
  if (/[\s\p{Cc}]/u.test(path)) return 'has white space'
  const forbidden = ['//', '/./', '/../', '%2f', '%2F', '#'].find((part) => path.includes(part))
  if (forbidden !== undefined) return `has ${forbidden} in it`
  return path.endsWith('/..') || path.endsWith('/.') ? 'ends with a dot element' : undefined
}
