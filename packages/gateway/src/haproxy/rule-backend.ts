// One rule as a backend of HAProxy: what happens to its requests. Pure.

import { type HeaderChanges, PLAIN_RULE, type RetryReason, type Rule } from '../model.ts'
import { corsLines } from './cors.ts'
import { limitLines } from './limits.ts'
import { ownHeaders } from './parts.ts'
import { redirectLines, rewriteLines } from './paths.ts'
import { type Behind, type Seating, serverLines, sharesOf } from './servers.ts'
import { literalFormat, proxyName, say, word } from './text.ts'

export const RETRY_CODES: readonly RetryReason[] = [
  ...(['401', '403', '404', '408', '425', '500', '501', '502', '503', '504'] as const),
  'conn-failure',
  'empty-response',
  'response-timeout',
]

/** RFC 9110. */
const IDEMPOTENT = 'GET HEAD OPTIONS TRACE PUT DELETE'
const NOT_READY = 'nothing behind this route is ready'

/** A sentence instead of the rule: 500 and it. */
export function brokenBackend(id: string): string[] {
  return [
    `backend ${proxyName(id)}`,
    say(500, 'this route cannot be served: see the Events and conditions of its object'),
  ]
}

export function ruleBackend(rule: Rule, behind: readonly Behind[], seating: Seating): string[] {
  const lines = [`backend ${proxyName(rule.id)}`, ...limitLines(rule), ...corsLines(rule.cors)]
  if (rule.redirect !== undefined) return [...lines, ...redirectLines(rule.redirect)]
  if (rule.answer !== undefined) return [...lines, answerLine(rule.answer)]
  const { wrong, empty, total, why } = sharesOf(behind)
  if (total === 0) return [...lines, say(500, 'this route leads nowhere: all of its weights are 0')]
  const left = total - wrong
  if (wrong > 0) lines.push(say(500, why ?? '', partOf(wrong, total)))
  if (wrong < total && empty > 0) lines.push(say(503, why ?? NOT_READY, partOf(empty, left)))
  if (wrong + empty >= total) return lines
  const own = ownHeaders(rule)
  return [
    ...lines,
    // Not by nbsrv, which is 0 in a worker that is about to end, too.
    `http-error status 503 content-type text/plain string ${word(NOT_READY)}\\n`,
    ...timeoutLines(rule),
    ...retryLines(rule),
    ...headerLines('http-request', rule.requestHeaders),
    ...headerLines('http-request', own.requestHeaders),
    ...headerLines('http-response', own.responseHeaders),
    ...headerLines('http-response', rule.responseHeaders),
    ...(rule.rewrite === undefined ? [] : rewriteLines(rule.rewrite)),
    ...affinityLines(rule),
    ...serverLines(behind, seating),
  ]
}

/** The condition under which so many of so many requests are meant. */
function partOf(some: number, all: number): string {
  return some >= all ? '' : `{ rand(${all}) lt ${some} }`
}

function answerLine({ status, contentType, body }: NonNullable<Rule['answer']>): string {
  const text = body.split('\n').map(word).join('"\\n"')
  return `http-request return status ${status} content-type ${word(contentType)} string ${text}`
}

/** HAProxy knows how long a server may be silent: for one try, or for the only one. */
function timeoutLines({ timeoutMs: { request, backend } }: Rule): string[] {
  const timeoutMs = backend ?? request
  return timeoutMs === undefined ? [] : [`timeout server ${timeoutMs}ms`]
}

/** What was sent already is sent again only where that does no harm. */
function retryLines({ retries }: Rule): string[] {
  if (retries === undefined) return []
  const on = retries.on.length === 0 ? ['conn-failure'] : retries.on
  return [
    `retries ${retries.attempts}`,
    `retry-on ${on.join(' ')}`,
    `http-request disable-l7-retry if !{ method ${IDEMPOTENT} }`,
  ]
}

function headerLines(
  when: 'http-request' | 'http-response',
  { set, add, remove }: HeaderChanges = PLAIN_RULE.requestHeaders,
): string[] {
  return [
    ...set.map(({ name, value }) => `${when} set-header ${word(name)} ${literalFormat(value)}`),
    ...add.map(({ name, value }) => `${when} add-header ${word(name)} ${literalFormat(value)}`),
    ...remove.map((name) => `${when} del-header ${word(name)}`),
  ]
}

/** The cookie is made of the server's address: it holds over changes and restarts. */
function affinityLines({ affinity, id }: Rule): string[] {
  if (affinity === undefined) return []
  return [
    `cookie ${word(affinity.cookie)} insert indirect nocache httponly dynamic`,
    `dynamic-cookie-key ${word(id)}`,
  ]
}
