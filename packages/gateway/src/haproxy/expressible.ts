// What HAProxy has no words for, or what could break out of the words that it has: found before it is written down.
// Pure. Each gives a sentence about the first part that cannot be served.

import { isIP } from 'node:net'
import type { Cors, HttpRoute, PathChange, Rule, StreamRoute, Target } from '../model.ts'
import { RETRY_CODES } from './rule-backend.ts'
import { isLine } from './text.ts'

const MAX_PATH = 2048
const MAX_VALUE = 4096
/** A header's or method's name, without quotes. RFC 9110, token. */
const TOKEN = /^[A-Za-z0-9!#$&*+.^_`|~-]+$/
/** Of a query parameter: nothing that ends a word of an expression. */
const PARAMETER = /^[A-Za-z0-9!$*+./:;=?@[\]^_`|~-]+$/
/** Scheme, host and port, as a browser says them. */
const ORIGIN = /^https?:\/\/(\*|(\*\.)?[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*)(:\d{1,5})?$/
const HOST = /^(\*\.)?[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?$/
/** Formats that crypt(3) of Debian knows: MD5, SHA-256, SHA-512, bcrypt, yescrypt. */
const HASH = /^\$(1|5|6|2[aby]|y)\$[\x21-\x39\x3b-\x7e]+$/
const BCRYPT_COST = /^\$2[aby]\$(\d\d)\$/
const SHA_ROUNDS = /^\$[56]\$rounds=(\d+)\$/
const YESCRYPT_COST = /^\$y\$j([5-9])T\$/
/** Requests of others wait while a password is hashed: these take some milliseconds. */
const MAX_BCRYPT_COST = 10
const MAX_SHA_ROUNDS = 20_000
const MAX_TIMEOUT_MS = 86_400_000

type Judge = () => string | undefined | false

export function routeProblem({ path, method, headers, query, host, ports }: HttpRoute): string | undefined {
  return first(
    () => host !== '' && !HOST.test(host) && `host ${shown(host)} is no name of a host`,
    () => pathProblem(path.type, path.value),
    () => method !== undefined && !TOKEN.test(method) && `method ${shown(method)} is no word`,
    () => named(headers, TOKEN, 'a header'),
    () => named(query, PARAMETER, 'a query parameter'),
    () => ports.length === 0 && 'no port leads to it',
  )
}

export function streamProblem({ host, targets }: StreamRoute): string | undefined {
  return first(
    () => targetsProblem(targets),
    () => host !== '' && !HOST.test(host) && `host ${shown(host)} is no name of a host`,
  )
}

export function ruleProblem(rule: Rule): string | undefined {
  const { redirect, rewrite, answer, basicAuth, rateLimit, retries, affinity, timeoutMs } = rule
  const changes = [rule, ...rule.targets]
    .flatMap((one) => [one.requestHeaders, one.responseHeaders])
    .filter((one) => one !== undefined)
  const headers = changes.flatMap(({ set, add }) => [...set, ...add])
  return first(
    () => named(headers, TOKEN, 'a header', true),
    () =>
      named(
        changes.flatMap(({ remove }) => remove.map((name) => ({ name, value: 'x' }))),
        TOKEN,
        'a header',
      ),
    () => hostProblem(redirect?.host) ?? hostProblem(rewrite?.host),
    () => changeProblem(redirect?.path) ?? changeProblem(rewrite?.path),
    () =>
      answer !== undefined && !answer.body.split('\n').every(isLine) && 'its answer has control characters',
    () => answer !== undefined && !isLine(answer.contentType) && 'its content type is more than a line',
    () =>
      rule.allowFrom
        .map((range) => !isRange(range) && `${shown(range)} is no range of addresses`)
        .find(Boolean),
    () => basicAuth !== undefined && usersProblem(basicAuth),
    () =>
      rateLimit !== undefined &&
      !(isCount(rateLimit.requests, 1) && isCount(rateLimit.perSeconds, 1) && isCount(rateLimit.burst, 0)) &&
      'its rate is no whole number of requests',
    () =>
      retries?.on.map((on) => !RETRY_CODES.includes(on) && `${on} is nothing to try again on`).find(Boolean),
    () =>
      retries !== undefined &&
      !isCount(retries.attempts, 0, 100) &&
      'it may be tried again at most 100 times',
    () =>
      affinity !== undefined &&
      !TOKEN.test(affinity.cookie) &&
      `${shown(affinity.cookie)} is no name of a cookie`,
    () => targetsProblem(rule.targets),
    () => rule.cors !== undefined && corsProblem(rule.cors),
    () =>
      rule.maxBodyBytes !== undefined && !isCount(rule.maxBodyBytes, 0) && 'its limit of a body is no number',
    () =>
      [timeoutMs.request, timeoutMs.backend].some(
        (ms) => ms !== undefined && !isCount(ms, 1, MAX_TIMEOUT_MS),
      ) && 'a timeout is to be between 1 ms and a day',
  )
}

/** `192.0.2.0/24`, `2001:db8::/32`, or an address alone. */
export function isRange(range: string): boolean {
  const [, address = '', bits] = /^([0-9a-fA-F.:]+)(?:\/(\d{1,3}))?$/.exec(range) ?? []
  const family = isIP(address)
  return family !== 0 && (bits === undefined || Number(bits) <= (family === 4 ? 32 : 128))
}

/** What is wrong with a line of a password file; see htpasswd(1) and crypt(5). */
export function hashProblem(hash: string): string | undefined {
  if (hash.startsWith('$apr1$') || hash.startsWith('{'))
    return 'is hashed in a way of Apache alone; use htpasswd -B, or mkpasswd -m sha-512'
  if (!HASH.test(hash))
    return 'is hashed in no way that is known here; use htpasswd -B, or mkpasswd -m sha-512'
  if (Number(BCRYPT_COST.exec(hash)?.[1] ?? 0) > MAX_BCRYPT_COST)
    return `is too slow for requests: of bcrypt the cost is ${MAX_BCRYPT_COST} at most (htpasswd -B -C ${MAX_BCRYPT_COST})`
  if (Number(SHA_ROUNDS.exec(hash)?.[1] ?? 0) > MAX_SHA_ROUNDS)
    return `is too slow for requests: ${MAX_SHA_ROUNDS} rounds are the most`
  if (hash.startsWith('$y$') && !YESCRYPT_COST.test(hash))
    return 'is too slow for requests: of yescrypt the usual cost alone is served (mkpasswd -m yescrypt)'
  return undefined
}

function usersProblem({ realm, users }: NonNullable<Rule['basicAuth']>): string | undefined {
  return first(
    () => (!isLine(realm) || /["\\]/.test(realm) || realm === '') && `realm ${shown(realm)} is not served`,
    () => users.length === 0 && 'nobody is in its list of users',
    ...users.map(({ name, hash }) => () => {
      if (name === '' || !isLine(name) || name.includes(':')) return `${shown(name)} is no name of a user`
      const why = hashProblem(hash)
      return why !== undefined && `the password of ${name} ${why}`
    }),
  )
}

function targetsProblem(targets: readonly Target[]): string | undefined {
  for (const { tls } of targets) {
    const why = hostProblem(tls?.hostname)
    if (why !== undefined) return why
  }
  return undefined
}

function corsProblem({ origins, methods, headers, expose, maxAgeSeconds }: Cors): string | undefined {
  const wrong = origins.find((origin) => origin !== '*' && !ORIGIN.test(origin))
  const noName = [...methods, ...headers, ...expose].find((name) => !TOKEN.test(name))
  return first(
    () => wrong !== undefined && `${shown(wrong)} is no origin, such as https://www.example`,
    () => noName !== undefined && `${shown(noName)} is no name of a method or a header`,
    () => !isCount(maxAgeSeconds, 1) && 'its age of an answer to browsers is no number of seconds',
  )
}

function pathProblem(type: HttpRoute['path']['type'], value: string): string | undefined {
  return first(
    () => value.length > MAX_PATH && `a path of more than ${MAX_PATH} letters is in no request`,
    () => type === 'regex' && !isLine(value) && 'a regular expression has a control character',
    () =>
      type !== 'regex' &&
      (!value.startsWith('/') || /[\s\p{Cc}]/u.test(value)) &&
      `path ${shown(value)} can be in no request`,
  )
}

function changeProblem(change: PathChange | undefined): string | undefined {
  if (change === undefined) return undefined
  const parts = change.type === 'full' ? [change.value] : [change.from, change.value]
  const wrong = parts.find(
    (part) => part.length > MAX_PATH || (part !== '' && !/^\/[\x21-\x7e]*$/.test(part)),
  )
  return wrong === undefined ? undefined : `path ${shown(wrong)} can be in no request`
}

function hostProblem(host: string | undefined): string | undefined {
  return host === undefined || (HOST.test(host) && !host.startsWith('*'))
    ? undefined
    : `host ${shown(host)} is no name of a host`
}

function named(
  all: readonly { name: string; value: string }[],
  allowed: RegExp,
  what: string,
  empty = false,
): string | undefined {
  for (const { name, value } of all) {
    if (!allowed.test(name)) return `${shown(name)} is not served as the name of ${what}`
    if (!isLine(value) || value.length > MAX_VALUE) return `the value of ${name} is more than a line`
    if (value === '' && !empty) return `the value of ${name} is empty`
  }
  return undefined
}

function isCount(value: number, from: number, to = Number.MAX_SAFE_INTEGER): boolean {
  return Number.isInteger(value) && value >= from && value <= to
}

function first(...judges: readonly Judge[]): string | undefined {
  for (const judge of judges) {
    const why = judge()
    if (typeof why === 'string') return why
  }
  return undefined
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 80))
}
