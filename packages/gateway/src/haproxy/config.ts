// The configuration of HAProxy and the files that it reads, as text. Pure. Names in it are made here, and everything that
// a user wrote is either looked up in a map or quoted by `text.ts`.

import { createHash } from 'node:crypto'
import type { Behind as Found } from '../endpoints.ts'
import type { BackendRef, HttpRoute, Model, Rule, Target } from '../model.ts'
import { authorityOf } from './authorities.ts'
import { type ClientLimit, clientSection } from './clients.ts'
import { routeProblem, ruleProblem, streamProblem } from './expressible.ts'
import { httpFrontend } from './frontends.ts'
import { head, metricsFrontend } from './head.ts'
import type { Identity } from './identity.ts'
import { limitSections } from './limits.ts'
import { partLines, partsOf } from './parts.ts'
import { CONFIG } from './process.ts'
import { brokenBackend, ruleBackend } from './rule-backend.ts'
import { type Behind, type Seating, seatingOf } from './servers.ts'
import { openedTlsFrontend, streamBackend, streamTables, tcpFrontend, tlsFrontend } from './streams.ts'
import { isUnconditional, mapText, tablesOf } from './tables.ts'
import { type Lines, proxyName } from './text.ts'

export interface ConfigInput {
  dir: string
  /** Of workers; undefined: whose the master is. */
  identity: Identity | undefined
  /** The machine has IPv6. */
  ipv6: boolean
  model: Model
  behind(backend: BackendRef): Found
  /** Rules that HAProxy does not take, by id. */
  left: ReadonlyMap<string, string>
  /** By the name of the backend: where endpoints are now. */
  seated: ReadonlyMap<string, Seating>
  /** A line for each request on HAProxy's standard output. */
  accessLog: boolean
  clients: ClientLimit
  /** The list of certificates, which is read when HAProxy loads its files alone. */
  certificates: string
  /** Prometheus' format on this port, for these ranges and the machine itself. */
  metrics: { port: number; from: readonly string[] } | undefined
}

export interface Config {
  files: Map<string, string>
  /** Of all that only a reload can change. */
  fingerprint: string
  /** For each line of haproxy.cfg, from 0: the rule that is the reason for it. */
  owners: (string | undefined)[]
  /** Rules and streams that are not served, by id, with the reason; `left` among them. */
  left: Map<string, string>
  seated: Map<string, Seating>
}

/** Maps that HAProxy reads at its start, and that are changed while it runs. */
export const MAPS = ['exact.map', 'prefix.map', 'names.map'] as const

export function configOf(input: ConfigInput): Config {
  const { dir, model, metrics } = input
  /** Rules and streams of which nothing is served; of the others in `left` some routes are not. */
  const broken = new Map(input.left)
  const streams = model.streams.filter((stream) => isGood(stream.id, streamProblem(stream), broken))
  const tables = streamTables(streams, model.listeners)
  const rules = new Map(model.routes.map(({ rule }) => [rule.id, rule]))
  for (const rule of rules.values()) isGood(rule.id, ruleProblem(rule), broken)
  const left = new Map([...tables.left, ...broken])
  const routes = model.routes.filter(
    (route) =>
      isGood(route.rule.id, routeProblem(route), left) &&
      !(input.left.has(route.rule.id) && hasConditions(route)),
  )
  const { exact, prefix, sections } = tablesOf(routes)
  const seated = new Map<string, Seating>()
  const seat = (name: string, targets: readonly Target[]): { behind: Behind[]; seating: Seating } => {
    const behind = targets.map((target) => ({
      target,
      found: input.behind(target.backend),
      authority: authorityOf(target, dir),
    }))
    const seating = seatingOf(behind, input.seated.get(name))
    seated.set(name, seating)
    return { behind, seating }
  }
  const list = createHash('sha256').update(input.certificates).digest('hex').slice(0, 32)
  const parts: Lines[] = [
    { owner: undefined, lines: [`# certificates ${list}`, ''] },
    ...clientSection(input.clients).map(section),
  ]
  for (const listener of model.listeners) {
    const { port } = listener
    const both = model.listeners.some((one) => one.port === port && one !== listener)
    if (listener.protocol === 'tls')
      parts.push(
        ...tlsFrontend(port, { ...input, kinds: tables.kinds.get(port) ?? [], opened: both }).map(section),
      )
    else if (listener.protocol === 'opened-tls')
      parts.push(section(openedTlsFrontend(port, { ...input, kinds: tables.kinds.get(port) ?? [] })))
    else if (listener.protocol === 'tcp') {
      const stream = tables.tcp.get(port)
      if (stream !== undefined) parts.push(section(tcpFrontend(port, stream, input)))
    } else
      parts.push(
        ...joined(
          httpFrontend(listener, {
            ...input,
            sections: sections.get(port) ?? [],
            parts: partsAt(port, routes, broken),
            behind: both,
          }),
        ),
      )
  }
  for (const rule of byId(rules.values())) parts.push(...ruleParts(rule, broken, seat))
  for (const stream of byId(streams)) {
    if (left.has(stream.id)) continue
    const { behind, seating } = seat(proxyName(stream.id), stream.targets)
    parts.push(section({ owner: stream.id, lines: streamBackend(stream, behind, seating) }))
  }
  if (metrics !== undefined)
    parts.push(
      section({ owner: undefined, lines: metricsFrontend(metrics.port, metrics.from, input.clients) }),
    )
  const all = [{ owner: undefined, lines: head(dir, input.identity) }, ...parts]
  const lines = all.flatMap((part) => part.lines.map((line) => ({ line, owner: part.owner })))
  const text = `${lines.map(({ line }) => line).join('\n')}\n`
  const fingerprint = fingerprintOf(text)
  return {
    files: new Map([
      [CONFIG, text.replace(DESCRIPTION, `  description ${fingerprint}`)],
      ['exact.map', mapText(exact)],
      ['prefix.map', mapText(prefix)],
      ['names.map', mapText(tables.names)],
    ]),
    fingerprint,
    owners: lines.map(({ owner }) => owner),
    left,
    seated,
  }
}

function ruleParts(
  rule: Rule,
  broken: ReadonlyMap<string, string>,
  seat: (name: string, targets: readonly Target[]) => { behind: Behind[]; seating: Seating },
): Lines[] {
  if (broken.has(rule.id)) return [section({ owner: rule.id, lines: brokenBackend(rule.id) })]
  const parts = partsOf(rule)?.map((part) => part.rule) ?? [rule]
  return [
    ...limitSections(rule).map(section),
    ...parts.map((part) => {
      const { behind, seating } = seat(proxyName(part.id), part.targets)
      return section({ owner: rule.id, lines: ruleBackend(part, behind, seating) })
    }),
  ]
}

function partsAt(port: number, routes: readonly HttpRoute[], broken: ReadonlyMap<string, string>): Lines[] {
  const here = routes.filter((route) => route.ports.includes(port) && !broken.has(route.rule.id))
  return byId(new Set(here.map(({ rule }) => rule))).flatMap((rule) => {
    const parts = partsOf(rule)
    return parts === undefined ? [] : [partLines(rule, parts)]
  })
}

/** Keeps the first problem of each. */
function isGood(id: string, why: string | undefined, problems: Map<string, string>): boolean {
  if (why !== undefined && !problems.has(id)) problems.set(id, why)
  return why === undefined
}

/** HAProxy has refused the rule, maybe for these. */
function hasConditions(route: HttpRoute): boolean {
  return route.path.type === 'regex' || !isUnconditional(route)
}

function byId<T extends { id: string }>(all: Iterable<T>): T[] {
  return [...all].sort((a, b) => (a.id < b.id ? -1 : 1))
}

/** What servers' lines say of addresses and weights can be changed without a reload. */
function fingerprintOf(text: string): string {
  const fixed = text.replaceAll(/^( {2}server \S+) \S+(?: disabled)? weight \d+/gm, '$1')
  return createHash('sha256').update(fixed).digest('hex').slice(0, 32)
}

const DESCRIPTION = /^ {2}description (\w*)$/m

/** The fingerprint that a file says that it has; undefined when that is not true (any more). */
export function fingerprintIn(file: string): string | undefined {
  const said = DESCRIPTION.exec(file)?.[1]
  return said === fingerprintOf(file.replace(DESCRIPTION, '  description ')) ? said : undefined
}

/** The first line names it, the others are indented, and an empty line ends it. */
function section({ owner, lines }: Lines): Lines {
  const [name, ...rest] = lines
  return { owner, lines: [name!, ...rest.map((line) => `  ${line}`), ''] }
}

/** One section of several owners' lines. */
function joined(parts: readonly Lines[]): Lines[] {
  const indented = parts.map(({ owner, lines }, i) => ({
    owner,
    lines: lines.map((line, j) => (i === 0 && j === 0 ? line : `  ${line}`)),
  }))
  return [...indented, { owner: undefined, lines: [''] }]
}
