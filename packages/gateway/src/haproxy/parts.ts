// Rules of which some targets have changes of headers of their own: HAProxy changes a request before it has chosen a
// server, so that each of these targets is a backend of its own, and the frontend throws the dice. Pure.

import type { HeaderChanges, Rule, Target } from '../model.ts'
import { type Lines, proxyName } from './text.ts'

export interface Part {
  /** Of the rule's requests, among its parts. */
  weight: number
  rule: Rule
}

/** undefined: the rule is one backend. */
export function partsOf(rule: Rule): Part[] | undefined {
  if (rule.redirect !== undefined || rule.answer !== undefined) return undefined
  const targets = rule.targets.filter(({ weight }) => weight > 0)
  const own = targets.filter(hasOwnHeaders)
  if (own.length === 0 || targets.length === 1) return undefined
  const plain = targets.filter((target) => !hasOwnHeaders(target))
  return [...(plain.length === 0 ? [] : [plain]), ...own.map((target) => [target])].map((some, i) => ({
    weight: some.reduce((sum, { weight }) => sum + weight, 0),
    rule: { ...rule, id: `${rule.id}/part/${i}`, targets: some },
  }))
}

/** In a frontend, when the rule has been found. */
export function partLines(rule: Rule, parts: readonly Part[]): Lines {
  const total = parts.reduce((sum, { weight }) => sum + weight, 0)
  const found = `{ var(txn.to) -m str ${proxyName(rule.id)} }`
  const lines = [`http-request set-var(txn.part) rand(${total}) if ${found}`]
  let below = 0
  for (const part of parts) {
    below += part.weight
    const to = `http-request set-var(txn.to) str(${proxyName(part.rule.id)})`
    lines.push(`${to} if ${found} { var(txn.part) -m int lt ${below} }`)
  }
  return { owner: rule.id, lines }
}

/** What all of the rule's requests are changed by beside the rule itself. */
export function ownHeaders({ targets }: Rule): Pick<Target, 'requestHeaders' | 'responseHeaders'> {
  const [only, another] = targets.filter(({ weight }) => weight > 0)
  return only === undefined || another !== undefined ? {} : only
}

function hasOwnHeaders({ requestHeaders, responseHeaders }: Target): boolean {
  return [requestHeaders, responseHeaders].some((changes) => changes !== undefined && !isNothing(changes))
}

function isNothing({ set, add, remove }: HeaderChanges): boolean {
  return set.length + add.length + remove.length === 0
}
