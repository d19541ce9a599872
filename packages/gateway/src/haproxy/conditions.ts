// What a route asks of a request beside host and path, as HAProxy's conditions. Pure.

import type { HttpRoute, ValueMatch } from '../model.ts'
import { word } from './text.ts'

/** Bounds what a regular expression may cost; PCRE counts it with and without its compiler. */
const REGEX_LIMIT = 10_000

/** Each is to hold. */
export function conditionsOf({ method, headers, query }: HttpRoute): string[] {
  return [
    ...(method === undefined ? [] : [`method -m str -- ${word(method)}`]),
    ...headers.map((match) => `${word(`req.fhdr(${match.name.toLowerCase()})`)} ${pattern(match)}`),
    ...query.map((match) => `${word(`urlp(${match.name}),url_dec(1)`)} ${pattern(match)}`),
  ]
}

export function regexPath(value: string): string {
  return `var(txn.path) -m reg -- ${word(wholeRegex(value))}`
}

function pattern({ value, regex }: ValueMatch): string {
  return regex ? `-m reg -- ${word(wholeRegex(value))}` : `-m str -- ${word(value)}`
}

/** From the beginning to the end, as other gateways read it. */
function wholeRegex(value: string): string {
  return `(*LIMIT_MATCH=${REGEX_LIMIT})^(?:${value})$`
}
