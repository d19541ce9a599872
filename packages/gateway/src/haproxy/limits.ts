// Who may use a rule, how often and with how much: ranges of addresses, a rate, a size, names with passwords. Pure.

import { createHash } from 'node:crypto'
import type { Rule } from '../model.ts'
import { CLIENT, rangeLines } from './clients.ts'
import { type Lines, proxyName, say, word } from './text.ts'

type Users = NonNullable<Rule['basicAuth']>

/** Clients that a rate is counted for, at once. */
const ADDRESSES = 100_000
/** Good passwords that are remembered, so that they need not be hashed again; and for how long. */
const REMEMBERED = 10_000
const REMEMBERED_FOR = '10m'
/** Wrong passwords from one client in a minute, before no more are looked at: each costs a hash. */
const WRONG_A_MINUTE = 30

/** In the rule's backend, before anything else. */
export function limitLines(rule: Rule): string[] {
  return [
    ...allowedLines(rule.allowFrom),
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

function allowedLines(ranges: readonly string[]): string[] {
  if (ranges.length === 0) return []
  return [...rangeLines('allowed', ranges), say(403, 'this route is not for your address', '!allowed')]
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
    `http-request track-sc1 ${CLIENT}`,
    `http-request return status 429 content-type text/plain hdr Retry-After ${Math.max(1, Math.round(perSeconds / requests))} string ${word('too many requests')}\\n if { sc1_gpc0_rate ge ${size} }`,
    'http-request sc-inc-gpc0(1)',
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

/** HAProxy counts three things for a request: its client's connections are the first, a rate the second. The third is
 * the password that was right, or the client whose password was not. */
function userLines(users: Users): string[] {
  const name = listName(users)
  const mine = `${CLIENT},table_gpc0_rate(wrong:${name})`
  return [
    'acl authorization req.hdr(authorization) -m found',
    'http-request set-var(txn.pass) http_auth_pass if authorization',
    // Not the header itself: one password can be written in many ways.
    'http-request set-var(txn.who) http_auth_user,concat(:,txn.pass),sha2(256) if authorization',
    `http-request set-var(txn.known) var(txn.who),table_gpc0(good:${name}) if authorization`,
    'acl known var(txn.known) -m int gt 0',
    say(429, 'too many wrong passwords', `authorization !known { ${mine} gt ${WRONG_A_MINUTE} }`),
    `acl right http_auth(${name})`,
    `http-request track-sc2 var(txn.who) table good:${name} if authorization !known right`,
    'http-request set-var(txn.known) int(1) if { sc2_tracked }',
    `http-request track-sc2 ${CLIENT} table wrong:${name} if authorization !known`,
    'http-request sc-inc-gpc0(2) if { sc2_tracked }',
    `http-request auth realm ${word(users.realm)} if !known`,
  ]
}
