// How requests come in and find their rule: a frontend for each port, which looks hosts and paths up in the tables.
// Pure.

import type { Listener } from '../model.ts'
import { type ClientLimit, connectionLines } from './clients.ts'
import { conditionsOf, regexPath } from './conditions.ts'
import { logLines } from './head.ts'
import { type Identity, innerSocket } from './identity.ts'
import { clientLines, readingLines } from './requests.ts'
import { Conditions, keyOf, type Section } from './tables.ts'
import { type Lines, proxyName, say } from './text.ts'

export interface FrontendInput {
  dir: string
  /** Of workers. */
  identity: Identity | undefined
  /** The machine has IPv6. */
  ipv6: boolean
  accessLog: boolean
  clients: ClientLimit
}

const NOWHERE = 'no route leads there: kubectl get ingress,httproute -A'

/** `behind`: the port itself is another frontend's, which passes connections on. */
export function httpFrontend(
  { port, protocol }: Listener,
  input: FrontendInput & { sections: readonly Section[]; parts: readonly Lines[]; behind: boolean },
): Lines[] {
  const { dir, sections, behind } = input
  const tls = protocol === 'https' ? ` ssl crt-list ${dir}/crt-list alpn h2,http/1.1` : ''
  const conditions = new Conditions()
  const lookups = sections.flatMap((section, i) => sectionLines(dir, port, section, conditions, i === 0))
  const scheme = protocol === 'https' ? 'https' : 'http'
  return [
    all(
      `frontend ${protocol}:${port}`,
      ...(behind ? [`bind ${passedOn(port, input).bind} accept-proxy${tls}`] : binds(port, input, tls)),
      ...(input.accessLog ? logLines(true) : []),
    ),
    ...conditions.lines,
    all(...readingLines(), ...clientLines(scheme)),
    ...lookups,
    ...input.parts,
    all(say(404, NOWHERE, '!{ var(txn.to) -m found }'), 'use_backend %[var(txn.to)]'),
  ]
}

/** One for each family, so that addresses of IPv4 are told as such; and who may come in there. */
export function binds(
  port: number,
  { ipv6, clients }: Pick<FrontendInput, 'ipv6' | 'clients'>,
  more = '',
): string[] {
  const addresses = ['0.0.0.0:', ...(ipv6 ? [':::'] : [])]
  return [
    ...addresses.map((address) => `bind ${address}${port}${address === ':::' ? ' v6only' : ''}${more}`),
    ...connectionLines(clients),
  ]
}

/** Where connections of a port are opened whose names are looked at first. */
export function passedOn(port: number, { dir, identity }: FrontendInput): { bind: string; server: string } {
  return innerSocket(dir, `${port}`, identity)
}

function sectionLines(
  dir: string,
  port: number,
  section: Section,
  conditions: Conditions,
  isFirst: boolean,
): Lines[] {
  const { kind, candidates, regexes, exact, prefix } = section
  const open = ' if !{ var(txn.to) -m found }'
  const key = keyOf('http-request set-var', port, kind, regexes.length > 0)
  const lines = [
    all(
      ...key.lines,
      // An empty map costs as much as a full one.
      ...(exact
        ? [
            `http-request set-var(txn.to) ${key.words},concat(,txn.path),map_str(${dir}/exact.map)${isFirst ? '' : open}`,
          ]
        : []),
      ...(prefix
        ? [
            `http-request set-var(txn.to) ${key.words},concat(,txn.path,/),map_beg(${dir}/prefix.map)${isFirst && !exact ? '' : open}`,
          ]
        : []),
    ),
  ]
  if (candidates.length > 0)
    lines.push(
      all(
        'http-request set-var(txn.if) var(txn.to) if { var(txn.to) -m beg ? }',
        'http-request unset-var(txn.to) if { var(txn.if) -m found }',
      ),
    )
  for (const { name, routes } of candidates) {
    for (const route of routes) {
      const { id } = route.rule
      const names = conditionsOf(route).map((condition) => conditions.of(id, condition))
      lines.push({ owner: id, lines: [take(id, [`{ var(txn.if) -m str ${name} }`, ...names])] })
    }
  }
  for (const { key, route } of regexes) {
    const { id } = route.rule
    const names = [regexPath(route.path.value), ...conditionsOf(route)].map((condition) =>
      conditions.of(id, condition),
    )
    lines.push({ owner: id, lines: [take(id, [`{ var(txn.at) -m str -- '${key}' }`, ...names])] })
  }
  if (candidates.length > 0) lines.push(all('http-request unset-var(txn.if)'))
  return lines
}

function take(id: string, conditions: readonly string[]): string {
  return `http-request set-var(txn.to) str(${proxyName(id)}) if !{ var(txn.to) -m found } ${conditions.join(' ')}`
}

function all(...lines: string[]): Lines {
  return { owner: undefined, lines }
}
