// The configuration of HAProxy and the files that it reads, as text. Pure. Names in it are made here, and everything that
// a user wrote is either looked up in a map or quoted by `text.ts`.

import type { Behind as Found } from '../endpoints.ts'
import type { BackendRef, Model, Rule } from '../model.ts'
import { inexpressible } from './conditions.ts'
import { httpFrontend } from './frontends.ts'
import { brokenBackend, ruleBackend } from './rule-backend.ts'
import { mapText, tablesOf } from './tables.ts'
import type { Lines } from './text.ts'

export interface ConfigInput {
  dir: string
  /** The machine has IPv6. */
  ipv6: boolean
  model: Model
  behind(backend: BackendRef): Found
  /** Rules that HAProxy does not take, by id. */
  left: ReadonlyMap<string, string>
}

export interface Config {
  files: Map<string, string>
  /** For each line of haproxy.cfg, from 0: the rule that is the reason for it. */
  owners: (string | undefined)[]
  /** Rules that are not served, by id, with the reason; `left` among them. */
  left: Map<string, string>
}

/** HAProxy takes as many connections as the files that it may open allow, up to this. */
const MAX_FILES = 100_000

export function configOf({ dir, ipv6, model, behind, left: given }: ConfigInput): Config {
  const left = new Map(given)
  const routes = model.routes.filter((route) => {
    const why = inexpressible(route)
    if (why !== undefined) left.set(route.rule.id, why)
    return why === undefined && !(left.has(route.rule.id) && route.path.type === 'regex')
  })
  const rules = new Map<string, Rule>(routes.map(({ rule }) => [rule.id, rule]))
  const tables = tablesOf(routes)
  const parts: Lines[] = [{ owner: undefined, lines: head(dir) }]
  for (const listener of model.listeners) {
    if (listener.protocol !== 'http' && listener.protocol !== 'https') continue
    const sections = tables.sections.get(listener.port) ?? []
    parts.push(...section(httpFrontend(listener, { dir, ipv6, sections })))
  }
  for (const rule of [...rules.values()].sort((a, b) => (a.id < b.id ? -1 : 1))) {
    const lines = left.has(rule.id)
      ? brokenBackend(rule.id)
      : ruleBackend(rule, {
          targets: rule.targets.map((target) => ({ target, found: behind(target.backend) })),
        })
    parts.push(...section([{ owner: rule.id, lines }]))
  }
  const lines = parts.flatMap((part) => part.lines.map((line) => ({ line, owner: part.owner })))
  return {
    files: new Map([
      ['haproxy.cfg', `${lines.map(({ line }) => line).join('\n')}\n`],
      ['exact.map', mapText(tables.exact)],
      ['prefix.map', mapText(tables.prefix)],
    ]),
    owners: lines.map(({ owner }) => owner),
    left,
  }
}

/** The first line names it, the others are indented, and an empty line ends it. */
function section(parts: readonly Lines[]): Lines[] {
  return [
    ...parts.map(({ owner, lines }, i) => ({
      owner,
      lines: lines.map((line, j) => (i === 0 && j === 0 ? line : `  ${line}`)),
    })),
    { owner: undefined, lines: [''] },
  ]
}

function head(dir: string): string[] {
  return [
    'global',
    `  fd-hard-limit ${MAX_FILES}`,
    `  stats socket ${dir}/run/admin.sock mode 600 level admin expose-fd listeners`,
    // Another process on a port is an error, not one that takes half of the requests.
    '  noreuseport',
    '  log stdout format raw local0',
    '  hard-stop-after 1h',
    '  ssl-default-bind-options ssl-min-ver TLSv1.2 no-tls-tickets',
    '  tune.ssl.default-dh-param 2048',
    '  tune.h2.max-concurrent-streams 100',
    '',
    'defaults',
    '  mode http',
    '  log global',
    '  option httplog',
    '  option dontlognull',
    '  option redispatch',
    '  retries 3',
    '  retry-on conn-failure',
    '  http-reuse safe',
    '  timeout connect 3s',
    '  timeout client 60s',
    '  timeout server 60s',
    '  timeout tunnel 1h',
    '  timeout http-request 20s',
    '  timeout http-keep-alive 60s',
    '  timeout queue 10s',
    '',
  ]
}
