// What the annotations of an Ingress ask for, and what of it is not served. Pure. What would open a door when it is
// wrong (who may come in) closes it; everything else that is wrong is left out.

import type { KubeObject } from '@brume/api/object'
import { parseQuantity, quantityValue } from '@brume/base/quantity'
import type { HeaderChanges, Rule, Target } from '../model.ts'
import { PLAIN_RULE } from '../model.ts'
import type { Problem } from '../source.ts'
import { usersOf } from './users.ts'

const PREFIX = 'brume.dev/'
/** Its value names the Secret that must be read for an Ingress. */
export const BASIC_AUTH = `${PREFIX}basic-auth`
const MAX_TIMEOUT_SECONDS = 86_400
const MAX_RETRIES = 10
const SECONDS = { s: 1, m: 60, h: 3600 }
const HEADER = /^([A-Za-z0-9!#$&*+.^_`|~-]+):[ \t]*(.*)$/

export interface IngressOptions {
  /** Plain HTTP is sent to HTTPS. */
  redirectToHttps: boolean
  protocol: Target['protocol']
  /** All that is the same for each of its rules. */
  rule: Omit<Rule, 'id' | 'targets' | 'rewrite'>
  rewriteHost: string | undefined
  /** Instead of the prefix that matched; of the whole path where that is to match exactly. */
  rewritePrefix: string | undefined
  /** A share of the requests of all its paths, of 100. */
  canary: { service: string; port: string; percent: number } | undefined
}

/** `tls`: the Ingress names certificates. `secretOf`: of its namespace, by name. */
export function optionsOf(
  ingress: KubeObject,
  tls: boolean,
  secretOf: (name: string) => KubeObject | undefined,
): { options: IngressOptions; problems: Problem[] } {
  const annotations = ingress.metadata.annotations ?? {}
  const problems: Problem[] = []
  const say = (message: string) => problems.push({ object: ingress, reason: 'InvalidAnnotation', message })
  /** What `read` gives; where it gives nothing, the value is said not to be `allowed`. */
  const of = <T>(name: string, allowed: string, read: (value: string) => T | undefined): T | undefined => {
    const value = annotations[PREFIX + name]
    if (value === undefined) return undefined
    const found = read(value)
    if (found === undefined)
      say(
        `annotation ${PREFIX}${name}: ${JSON.stringify(value.slice(0, 80))} is not ${allowed}; it is left out`,
      )
    return found
  }
  const number = (least: number, most: number) => (value: string) => {
    const found = /^\d{1,9}$/.test(value) ? Number(value) : Number.NaN
    return found >= least && found <= most ? found : undefined
  }
  const timeout = of(
    'timeout-seconds',
    `a whole number from 1 to ${MAX_TIMEOUT_SECONDS}`,
    number(1, MAX_TIMEOUT_SECONDS),
  )
  const retries = of('retries', `a whole number from 0 to ${MAX_RETRIES}`, number(0, MAX_RETRIES))
  const rule: IngressOptions['rule'] = {
    ...PLAIN_RULE,
    requestHeaders: of('request-headers', 'lines of NAME: VALUE', headersOf) ?? PLAIN_RULE.requestHeaders,
    responseHeaders: of('response-headers', 'lines of NAME: VALUE', headersOf) ?? PLAIN_RULE.responseHeaders,
    timeoutMs: { request: timeout === undefined ? undefined : timeout * 1000, backend: undefined },
    retries:
      retries === undefined
        ? undefined
        : { attempts: retries, on: ['conn-failure', 'empty-response', '502', '503', '504'] },
    rateLimit: of('rate-limit', 'as 100/s, 600/m or 1000/h, and with more at once: 100/s+50', rateOf),
    maxBodyBytes: of('max-body', 'a size, as 10Mi', sizeOf),
    affinity: of('affinity-cookie', 'the name of a cookie', (cookie) =>
      /^[A-Za-z0-9_-]{1,64}$/.test(cookie) ? { cookie } : undefined,
    ),
    // What is in it is looked at with the rule: with a wrong range nobody comes in.
    allowFrom:
      annotations[`${PREFIX}allow-from`] === undefined ? [] : listIn(annotations[`${PREFIX}allow-from`]!),
    basicAuth: undefined,
  }
  const secret = annotations[BASIC_AUTH]
  if (secret !== undefined) {
    const { users, problems: wrong } = usersOf(secretOf(secret))
    for (const why of wrong) say(`annotation ${BASIC_AUTH}: Secret ${JSON.stringify(secret)} ${why}`)
    rule.basicAuth = { realm: annotations[`${PREFIX}basic-auth-realm`] ?? 'authentication', users }
  }
  return {
    options: {
      redirectToHttps: of('redirect-to-https', 'true or false', booleanOf) ?? tls,
      protocol: of('backend-protocol', 'http, h2c or https', protocolOf) ?? 'http',
      rule,
      rewriteHost: of('rewrite-host', 'a name of a host', (host) =>
        /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(host) ? host : undefined,
      ),
      rewritePrefix: of('rewrite-prefix', 'a path', (path) =>
        /^\/[\x21-\x7e]*$/.test(path) ? path : undefined,
      ),
      canary: of('canary', 'as SERVICE:PORT 10%', canaryOf),
    },
    problems,
  }
}

function booleanOf(value: string): boolean | undefined {
  return value === 'true' ? true : value === 'false' ? false : undefined
}

function protocolOf(value: string): Target['protocol'] | undefined {
  return value === 'http' || value === 'h2c' || value === 'https' ? value : undefined
}

/** A line for each: one that has a value is set, one without is taken away. */
function headersOf(value: string): HeaderChanges | undefined {
  const lines = value.split('\n').filter((line) => line.trim() !== '')
  const parts = lines.map((line) => HEADER.exec(line.trim()))
  if (parts.includes(null) || lines.length === 0) return undefined
  const headers = parts.map((part) => ({ name: part![1]!, value: part![2]! }))
  return {
    set: headers.filter((header) => header.value !== ''),
    add: [],
    remove: headers.filter((header) => header.value === '').map(({ name }) => name),
  }
}

function rateOf(value: string): Rule['rateLimit'] {
  const [, requests, unit, burst] = /^([1-9]\d{0,6})\/([smh])(?:\+(\d{1,7}))?$/.exec(value) ?? []
  if (requests === undefined) return undefined
  const perSeconds = SECONDS[unit as keyof typeof SECONDS]
  return { requests: Number(requests), perSeconds, burst: Number(burst ?? 0) }
}

function sizeOf(value: string): number | undefined {
  const bytes = parseQuantity(value) === undefined ? -1 : quantityValue(value)
  return Number.isSafeInteger(bytes) && bytes >= 0 ? bytes : undefined
}

function canaryOf(value: string): IngressOptions['canary'] {
  const [, service, port, percent] = /^([a-z0-9.-]+):([a-z0-9-]+) (\d{1,3})%$/.exec(value) ?? []
  if (service === undefined || port === undefined || Number(percent) > 100) return undefined
  return { service, port, percent: Number(percent) }
}

/** Nothing at all is one that is wrong: who writes it means somebody. */
function listIn(value: string): string[] {
  const ranges = value.split(/[\s,]+/).filter((one) => one !== '')
  return ranges.length === 0 ? [''] : ranges
}
