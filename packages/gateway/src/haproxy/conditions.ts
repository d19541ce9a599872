// What a route asks of a request beside host and path, as HAProxy's conditions. Pure.

import type { HttpRoute, ValueMatch } from '../model.ts'
import { isLine, word } from './text.ts'

/** Bounds what a regular expression may cost; PCRE counts it with and without its compiler. */
const REGEX_LIMIT = 10_000
const TOKEN = /^[A-Za-z0-9!#$&*+.^_`|~-]+$/
/** Of a query parameter: nothing that ends a word of an expression. */
const PARAMETER = /^[A-Za-z0-9!$*+./:;=?@[\]^_`|~-]+$/

/** Each is to hold. */
export function conditionsOf({ method, headers, query }: HttpRoute): string[] {
  return [
    ...(method === undefined ? [] : [`method -m str -- ${word(method)}`]),
    ...headers.map((match) => `req.fhdr(${match.name.toLowerCase()}) ${pattern(match)}`),
    ...query.map((match) => `urlp(${match.name}),url_dec(1) ${pattern(match)}`),
  ]
}

export function regexPath(value: string): string {
  return `path -m reg -- ${word(wholeRegex(value))}`
}

/** A sentence about the first part of a route that HAProxy has no words for. */
export function inexpressible({ path, method, headers, query, host }: HttpRoute): string | undefined {
  if (!/^(\*\.)?[a-z0-9_.-]*$/.test(host)) return `host ${JSON.stringify(host)} is no name`
  if (path.type !== 'regex' && !/^[^\s\p{Cc}]*$/u.test(path.value))
    return `path ${JSON.stringify(path.value.slice(0, 80))} can be in no request: it has white space`
  if (path.value.length > MAX_PATH) return `a path of more than ${MAX_PATH} letters is not served`
  if (path.type === 'regex' && !isLine(path.value)) return 'a regular expression has a control character'
  if (method !== undefined && !TOKEN.test(method)) return `method ${JSON.stringify(method)} is no word`
  for (const { name, value } of [...headers, ...query])
    if (!isLine(value) || value === '')
      return `the value that ${name} is to have is empty or more than a line`
  const header = headers.find(({ name }) => !TOKEN.test(name))
  if (header !== undefined) return `${JSON.stringify(header.name)} cannot be the name of a header`
  const parameter = query.find(({ name }) => !PARAMETER.test(name))
  if (parameter !== undefined)
    return `${JSON.stringify(parameter.name)} is not served as the name of a query parameter`
  return undefined
}

const MAX_PATH = 2048

function pattern({ value, regex }: ValueMatch): string {
  return regex ? `-m reg -- ${word(wholeRegex(value))}` : `-m str -- ${word(value)}`
}

/** From the beginning to the end, as other gateways read it. */
function wholeRegex(value: string): string {
  return `(*LIMIT_MATCH=${REGEX_LIMIT})^(?:${value})$`
}
