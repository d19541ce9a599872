// Who may use a rule, how often and with how much: ranges of addresses, a rate, a size, names with passwords. Pure.

import { createHash } from 'node:crypto'
import type { Rule } from '../model.ts'
import { type Lines, proxyName, say, word } from './text.ts'

type Users = NonNullable<Rule['basicAuth']>

/** Addresses that a rate is counted for, at once. */
const ADDRESSES = 100_000
/** Good passwords that are remembered, so that they need not be hashed again; and for how long. */
const REMEMBERED = 10_000
const REMEMBERED_FOR = '10m'
/** Wrong passwords from one address in a minute, before no more are looked at: each costs a hash. */
const WRONG_A_MINUTE = 30
const RANGES_A_LINE = 40

/** In the rule's backend, before anything else. */
export function limitLines(rule: Rule): string[] {
  return [
    ...rangeLines(rule.allowFrom),
    ...rateLines(rule.rateLimit),
    ...sizeLines(rule.maxBodyBytes),
    ...(rule.basicAuth === undefined ? [] : userLines(rule.basicAuth)),
  ]
}

/** Sections that the lines refer to. */
export function limitSections({ id, basicAuth }: Rule): Lines[] {
  if (basicAuth === undefined) return []
  const name = listName(basicAuth)
  const users = basicAuth.users.map(({ name: user, hash }) => `user ${word(user)} password ${word(hash)}`)
  const table = (entries: number, expire: string, store: string) =>
    `stick-table type binary len 32 size ${entries} expire ${expire} store ${store}`
  return [
    { owner: id, lines: [`userlist ${name}`, ...users] },
    { owner: id, lines: [`backend good:${name}`, table(REMEMBERED, REMEMBERED_FOR, 'gpc0')] },
    {
      owner: id,
      lines: [
        `backend wrong:${name}`,
        `stick-table type ipv6 size ${ADDRESSES} expire 1m store gpc0_rate(1m)`,
      ],
    },
  ]
}

/** Of the same users: the same. What is remembered of other users' passwords is forgotten with the name. */
export function listName({ users }: Users): string {
  const text = JSON.stringify(users.map(({ name, hash }) => [name, hash]))
  return proxyName(`users-${createHash('sha256').update(text).digest('hex').slice(0, 16)}`)
}

function rangeLines(ranges: readonly string[]): string[] {
  if (ranges.length === 0) return []
  const lines: string[] = []
  for (let i = 0; i < ranges.length; i += RANGES_A_LINE)
    lines.push(`acl allowed src -- ${ranges.slice(i, i + RANGES_A_LINE).join(' ')}`)
  return [...lines, say(403, 'this route is not for your address', '!allowed')]
}

/** A bucket of `requests + burst`, filled again at the rate: counted over the time that filling it takes. Those that are
 * refused are not counted. */
function rateLines(limit: Rule['rateLimit']): string[] {
  if (limit === undefined) return []
  const { requests, perSeconds, burst } = limit
  const size = requests + burst
  const seconds = Math.max(1, Math.round((perSeconds * size) / requests))
  const rate = `gpc0_rate(${seconds}s)`
  return [
    `stick-table type ipv6 size ${ADDRESSES} expire ${seconds}s store ${rate}`,
    'http-request track-sc0 src',
    `http-request return status 429 content-type text/plain hdr Retry-After ${Math.max(1, Math.round(perSeconds / requests))} string ${word('too many requests')}\\n if { sc0_gpc0_rate ge ${size} }`,
    'http-request sc-inc-gpc0(0)',
  ]
}

/** A body of unknown length could be any: its length is asked for. */
function sizeLines(bytes: number | undefined): string[] {
  if (bytes === undefined) return []
  return [
    say(413, `more than ${bytes} bytes are not taken here`, `{ req.body_size gt ${bytes} }`),
    'acl sized req.hdr(content-length) -m found',
    say(411, 'the length of the body is missing', '!sized { req.hdr(transfer-encoding) -m found }'),
    say(411, 'the length of the body is missing', '!sized { req.ver 2.0 } { method POST PUT PATCH }'),
  ]
}

function userLines(users: Users): string[] {
  const name = listName(users)
  return [
    'acl authorization req.hdr(authorization) -m found',
    `http-request track-sc1 req.fhdr(authorization),sha2(256) table good:${name} if authorization`,
    `http-request track-sc2 src table wrong:${name} if authorization`,
    'acl known sc1_get_gpc0 gt 0',
    say(429, 'too many wrong passwords', `authorization !known { sc2_gpc0_rate gt ${WRONG_A_MINUTE} }`),
    `acl right http_auth(${name})`,
    `http-request sc-inc-gpc0(1) if authorization !known right`,
    `http-request sc-inc-gpc0(2) if authorization !known`,
    `http-request auth realm ${word(users.realm)} if !known`,
  ]
}
