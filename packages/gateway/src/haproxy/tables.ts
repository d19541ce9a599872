// Which rule a request goes to, as what HAProxy looks up: two maps of hosts with paths, which answer in the same time
// however many routes there are, and lines for what maps cannot tell: methods, headers, queries, regular expressions.
// Pure.
//
// Hosts are asked for in sections, the most specific first: the very host, a wildcard of one label, wildcards of any
// depth, any host. In each section the exact path is looked up, then the longest prefix. A map's answer is the name of a
// backend, or `?N`: candidates N, in the order of precedence, of which the first whose conditions hold is taken. They end
// with the next shorter prefixes, and if none holds, the next section is asked.

import type { HttpRoute } from '../model.ts'
import { readPath } from './requests.ts'
import { type Lines, proxyName } from './text.ts'

export interface Tables {
  /** Key -> backend or `?N`. */
  exact: Map<string, string>
  prefix: Map<string, string>
  /** Port -> sections of hosts that have routes there. */
  sections: Map<number, Section[]>
}

/** How a host is asked for: `host` itself, `label`: without its first label, its last N labels, or `any`. */
export type Kind = 'host' | 'label' | 'any' | number

export interface Section {
  kind: Kind
  /** There are such paths. */
  exact: boolean
  prefix: boolean
  candidates: { name: string; routes: HttpRoute[] }[]
  regexes: { key: string; route: HttpRoute }[]
}

interface HostRoutes {
  kind: Kind
  exact: Map<string, HttpRoute[]>
  prefix: Map<string, HttpRoute[]>
  regexes: HttpRoute[]
}

export function tablesOf(routes: readonly HttpRoute[]): Tables {
  const byPort = new Map<number, Map<string, HostRoutes>>()
  for (const route of routes) for (const port of route.ports) place(byPort, port, route)
  const tables: Tables = { exact: new Map(), prefix: new Map(), sections: new Map() }
  let candidates = 0
  for (const [port, hosts] of [...byPort].sort(([a], [b]) => a - b)) {
    const sections = new Map<Kind, Section>()
    for (const [key, host] of [...hosts].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const section = sections.get(host.kind) ?? {
        kind: host.kind,
        exact: false,
        prefix: false,
        candidates: [],
        regexes: [],
      }
      sections.set(host.kind, section)
      for (const kind of ['exact', 'prefix'] as const) {
        section[kind] ||= host[kind].size > 0
        for (const [path, group] of host[kind]) {
          const chain = chainOf(host, kind === 'exact' ? `${path}/` : path, group)
          const [first] = chain
          if (isUnconditional(first!)) {
            tables[kind].set(key + path, proxyName(first!.rule.id))
            continue
          }
          const name = `?${++candidates}`
          tables[kind].set(key + path, name)
          section.candidates.push({ name, routes: chain })
        }
      }
      for (const route of host.regexes.sort(byPrecedence)) section.regexes.push({ key, route })
    }
    tables.sections.set(
      port,
      [...sections.values()].sort((a, b) => rank(a.kind) - rank(b.kind)),
    )
  }
  return tables
}

/** The key of a host in maps: what `keyOf` makes of a request's. */
export function hostKey(port: number, kind: Kind, host: string): string {
  if (kind === 'any') return `${port}:*`
  if (kind === 'host') return `${port}:${host}`
  return `${port}:${kind === 'label' ? '+' : '*'}${host.slice(1)}`
}

/**
 * What makes the key of txn.host, among those of a kind: words of an expression, after lines. `set`: the action.
 * `kept`: txn.at is to be it, too.
 */
export function keyOf(
  set: string,
  port: number,
  kind: Kind,
  kept: boolean,
): { lines: string[]; words: string } {
  const at = (lines: string[], words: string) =>
    kept ? { lines: [...lines, `${set}(txn.at) ${words}`], words: 'var(txn.at)' } : { lines, words }
  if (kind === 'any') return at([], `str(${port}:*)`)
  if (kind === 'host') return at([], `str(${port}:),concat(,txn.host)`)
  const domain = `${set}(txn.domain) var(txn.host)`
  if (kind === 'label') return at([`${domain},regsub(^[^.]*,)`], `str(${port}:+),concat(,txn.domain)`)
  // A host of no more labels is no subdomain: there is nothing before them.
  const more = `var(txn.host),field(-${kind + 1},.) -m len 1:`
  const lines = [
    `${domain},field(-1,.,${kind})`,
    `${set}(txn.at) str(${port}:*.),concat(,txn.domain) if { ${more} }`,
    `${set}(txn.at) str(-) if !{ ${more} }`,
  ]
  return { lines, words: 'var(txn.at)' }
}

function place(byPort: Map<number, Map<string, HostRoutes>>, port: number, route: HttpRoute): void {
  const hosts = byPort.get(port) ?? new Map<string, HostRoutes>()
  byPort.set(port, hosts)
  const kind = kindOf(route)
  const key = hostKey(port, kind, route.host)
  const host: HostRoutes = hosts.get(key) ?? { kind, exact: new Map(), prefix: new Map(), regexes: [] }
  hosts.set(key, host)
  const { type } = route.path
  if (type === 'regex') {
    host.regexes.push(route)
    return
  }
  const value = readPath(route.path.value)
  // Elements of a path count whole: /shop is /shop/..., and never /shopping.
  const path = type === 'exact' ? value : `${value.replace(/\/+$/, '')}/`
  const group = host[type].get(path)
  if (group === undefined) host[type].set(path, [route])
  else group.push(route)
}

export function kindOf({ host, oneLabel }: { host: string; oneLabel?: boolean }): Kind {
  if (host === '') return 'any'
  if (!host.startsWith('*.')) return 'host'
  return oneLabel === true ? 'label' : host.split('.').length - 1
}

/** The most specific first; of wildcards of any depth those with most labels. */
export function rank(kind: Kind): number {
  if (kind === 'host') return -2000
  if (kind === 'label') return -1000
  return kind === 'any' ? 0 : -kind
}

/** The group's routes and those of shorter prefixes, up to the first that takes every request. `path` ends with a slash. */
function chainOf(host: HostRoutes, path: string, group: readonly HttpRoute[]): HttpRoute[] {
  const chain = untilUnconditional(group)
  for (
    let end = path.length - 1;
    end >= 0 && !isUnconditional(chain.at(-1)!);
    end = path.lastIndexOf('/', end - 1)
  ) {
    const shorter = path.slice(0, end + 1)
    const more = host.prefix.get(shorter)
    if (more !== undefined && more !== group) chain.push(...untilUnconditional(more))
    if (end === 0) break
  }
  return chain
}

function untilUnconditional(group: readonly HttpRoute[]): HttpRoute[] {
  const sorted = [...group].sort(byPrecedence)
  const end = sorted.findIndex((route) => isUnconditional(route))
  return end === -1 ? sorted : sorted.slice(0, end + 1)
}

export function isUnconditional({ method, headers, query }: HttpRoute): boolean {
  return method === undefined && headers.length === 0 && query.length === 0
}

/** The order of Gateway API's HTTPRoute: a method, most headers, most query parameters, age. */
export function byPrecedence(a: HttpRoute, b: HttpRoute): number {
  return (
    Number(b.method !== undefined) - Number(a.method !== undefined) ||
    b.headers.length - a.headers.length ||
    b.query.length - a.query.length ||
    (a.order < b.order ? -1 : 1)
  )
}

export function mapText(map: ReadonlyMap<string, string>): string {
  return [...map].map(([key, value]) => `${key} ${value}\n`).join('')
}

/** Named conditions of one frontend, each written once, as lines of their own: inside braces a value could be a brace. */
export class Conditions {
  readonly #names = new Map<string, string>()
  readonly lines: Lines[] = []

  /** The name of the condition, for behind `if`. */
  of(owner: string, condition: string): string {
    const known = this.#names.get(condition)
    if (known !== undefined) return known
    const name = `c${this.#names.size + 1}`
    this.#names.set(condition, name)
    this.lines.push({ owner, lines: [`acl ${name} ${condition}`] })
    return name
  }
}
