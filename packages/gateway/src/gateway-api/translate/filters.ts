// What happens to requests and answers on their way. Source: the Gateway API's reference, "HTTPRouteFilter".

import { type Json, listOf } from '@brume/api/validate/json'
import {
  type Cors,
  type HeaderChanges,
  type PathChange,
  PLAIN_RULE,
  type Redirect,
  type Rule,
  type Target,
} from '../../model.ts'
import { type Match, Unsupported } from './http-matches.ts'

export type Filters = Pick<Rule, 'requestHeaders' | 'responseHeaders' | 'redirect' | 'rewrite' | 'cors'>

/** What the API says is the usual. */
const MAX_AGE_SECONDS = 5

/** `match`: what a replaced prefix is that of; `port`: of the listener. Throws Unsupported. */
export function filtersOf(rule: Json, { match, port }: { match: Match; port: number }): Filters {
  const { requestHeaders, responseHeaders, redirect, rewrite } = PLAIN_RULE
  const filters: Filters = { requestHeaders, responseHeaders, redirect, rewrite }
  for (const filter of listOf(rule.filters)) {
    switch (filter.type) {
      case 'RequestHeaderModifier':
        filters.requestHeaders = headerChanges(filter.requestHeaderModifier)
        break
      case 'ResponseHeaderModifier':
        filters.responseHeaders = headerChanges(filter.responseHeaderModifier)
        break
      case 'RequestRedirect':
        filters.redirect = redirectOf(filter.requestRedirect ?? {}, { match, port })
        break
      case 'URLRewrite': {
        const { hostname, path } = filter.urlRewrite ?? {}
        filters.rewrite = { host: hostname, path: pathChange(path, match) }
        break
      }
      case 'CORS':
        filters.cors = corsOf(filter.cors ?? {})
        break
      default:
        throw new Unsupported(`filters: ${filter.type} is not served; remove it`)
    }
  }
  if (filters.redirect !== undefined && filters.rewrite !== undefined)
    throw new Unsupported('filters: RequestRedirect and URLRewrite do not go together; remove one')
  return filters
}

/** Of the requests to one backend alone. Throws Unsupported. */
export function backendFilters(ref: Json): Pick<Target, 'requestHeaders' | 'responseHeaders'> {
  const found: Pick<Target, 'requestHeaders' | 'responseHeaders'> = {}
  for (const filter of listOf(ref.filters)) {
    if (filter.type === 'RequestHeaderModifier')
      found.requestHeaders = headerChanges(filter.requestHeaderModifier)
    else if (filter.type === 'ResponseHeaderModifier')
      found.responseHeaders = headerChanges(filter.responseHeaderModifier)
    else
      throw new Unsupported(
        `backendRefs.filters: ${filter.type} is not served for one backend alone; remove it`,
      )
  }
  return found
}

/** Whether the rule changes what matched, so that every match needs a rule of its own. */
export function replacesPrefix(rule: Json): boolean {
  return listOf(rule.filters).some(
    ({ requestRedirect, urlRewrite }) => (requestRedirect ?? urlRewrite)?.path?.type === 'ReplacePrefixMatch',
  )
}

/** Whether where it leads depends on the port that was asked. */
export function keepsPort(rule: Json): boolean {
  return listOf(rule.filters).some(
    ({ requestRedirect: to }) => to !== undefined && to.port === undefined && to.scheme === undefined,
  )
}

/** Whoever asks for nothing allows nothing. */
function corsOf(cors: Json): Cors {
  const words = (field: string) => listOf(cors[field]) as unknown as string[]
  return {
    origins: words('allowOrigins'),
    credentials: cors.allowCredentials === true,
    methods: words('allowMethods'),
    headers: words('allowHeaders'),
    expose: words('exposeHeaders'),
    maxAgeSeconds: cors.maxAge ?? MAX_AGE_SECONDS,
  }
}

function headerChanges(changes: Json): HeaderChanges {
  const headers = (list: Json) =>
    listOf(list).map(({ name, value }) => {
      if (/[\r\n\0]/.test(value))
        throw new Unsupported(`filters: the value of header ${name} has line breaks`)
      return { name, value }
    })
  return {
    set: headers(changes?.set),
    add: headers(changes?.add),
    remove: listOf(changes?.remove) as unknown as string[],
  }
}

function redirectOf(
  { scheme, hostname, path, port, statusCode = 302 }: Json,
  from: { match: Match; port: number },
): Redirect {
  const wellKnown = scheme === undefined ? from.port : scheme === 'https' ? 443 : 80
  return {
    scheme,
    host: hostname,
    port: port ?? wellKnown,
    path: pathChange(path, from.match),
    code: statusCode,
  }
}

function pathChange(path: Json, match: Match): PathChange | undefined {
  if (path === undefined) return undefined
  const value = path.type === 'ReplaceFullPath' ? path.replaceFullPath : path.replacePrefixMatch
  if (typeof value !== 'string') throw new Unsupported(`filters: path.type ${path.type} needs its value`)
  if (/[\s\p{Cc}]/u.test(value)) throw new Unsupported('filters: a path has white space')
  if (path.type === 'ReplaceFullPath') return { type: 'full', value: value === '' ? '/' : value }
  if (match.path.type !== 'prefix')
    throw new Unsupported('filters: ReplacePrefixMatch is for matches of type PathPrefix alone')
  return { type: 'prefix', from: match.path.value, value }
}
