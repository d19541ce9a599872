// One rule as a backend of HAProxy: what happens to its requests. Pure.

import type { Redirect, Rule } from '../model.ts'
import type { Behind } from './servers.ts'
import { serverLines } from './servers.ts'
import { literalFormat, proxyName, say, word } from './text.ts'

/** A sentence instead of the rule: 500 and it. */
export function brokenBackend(id: string): string[] {
  return [`backend ${proxyName(id)}`, say(500, 'this route cannot be served: see the Events of its object')]
}

export function ruleBackend(rule: Rule, behind: Behind): string[] {
  const lines = [`backend ${proxyName(rule.id)}`]
  if (rule.redirect !== undefined) return [...lines, ...redirectLines(rule.redirect)]
  if (rule.answer !== undefined) {
    const { status, contentType, body } = rule.answer
    lines.push(`http-request return status ${status} content-type ${word(contentType)} string ${word(body)}`)
    return lines
  }
  const timeoutMs = rule.timeoutMs.backend ?? rule.timeoutMs.request
  if (timeoutMs !== undefined) lines.push(`timeout server ${timeoutMs}ms`)
  return [...lines, ...serverLines(behind)]
}

function redirectLines({ scheme, host, port, path, code }: Redirect): string[] {
  const location = `${scheme ?? '%[ssl_fc,iif(https,http)]'}://`
  void path
  const wellKnown = scheme === 'https' ? 443 : 80
  const at = `${host === undefined ? '%[var(txn.host)]' : literalFormat(host)}${port === undefined || port === wellKnown ? '' : `:${port}`}`
  return [`http-request redirect location ${location}${at}%[pathq] code ${code}`]
}
