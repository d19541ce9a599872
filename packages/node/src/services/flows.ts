// Flows of UDP as the kernel's connection tracking has them: it leads a client that goes on from one port where its first
// packet was led, whatever the rules say now. Which of them are stale. Pure.

import type { Family } from '../network/family.ts'
import { backendsBehind, portOf, type ValueFor } from './behind.ts'
import { type Elements, MAP_NAMES } from './elements.ts'

export interface Flow {
  /** Address that the client asks at. */
  dst: string
  port: number
  /** `10.42.0.7 . 8080`: who is to answer; without translation what the client asked. */
  backend: string
}

export interface FlowView {
  /** `10.96.0.1 . udp . 53` and `udp . 30053`: what is looked at. */
  touched: ReadonlySet<string>
  valueFor: ValueFor
  /** Of this node: where node ports are. */
  addresses: ReadonlySet<string>
}

const ENDS = /^udp\s.*? src=\S+ dst=(\S+) sport=\d+ dport=(\d+) .*? ?src=(\S+) dst=\S+ sport=(\d+) /

/** Of a line of `conntrack -L -p udp`; undefined for another text. */
export function parseFlow(line: string): Flow | undefined {
  const match = ENDS.exec(line)
  if (match === null) return undefined
  const [, dst = '', port, ip, number] = match
  return { dst, port: Number(port), backend: `${ip} . ${number}` }
}

/** Frontends of UDP of which a change may have made flows stale. */
export function touchedUdp(before: Elements, after: Elements): Set<string> {
  const touched = new Set<string>()
  for (const map of MAP_NAMES) {
    if (!/^(services|inside|node-ports|.*backends)$/.test(map)) continue
    const [old, now] = [before.get(map), after.get(map)]
    for (const key of new Set([...(old?.keys() ?? []), ...(now?.keys() ?? [])])) {
      const frontend = /^((?:\S+ \. )?udp \. \d+)/.exec(key)?.[1]
      if (frontend !== undefined && old?.get(key) !== now?.get(key)) touched.add(frontend)
    }
  }
  return touched
}

/** Whether a flow keeps its client from where the rules lead now. */
export function staleIn({ touched, valueFor, addresses }: FlowView): (flow: Flow) => boolean {
  const known = new Map<string, ReadonlySet<string>>()
  return ({ dst, port, backend }) => {
    const frontend = `${dst} . udp . ${port}`
    const isTouched = touched.has(frontend) || (touched.has(portOf(frontend)) && addresses.has(dst))
    if (!isTouched) return false
    const backends = known.get(frontend) ?? backendsBehind(frontend, valueFor)
    known.set(frontend, backends)
    // From before there was anything behind it; or of a program of the node, which nothing is to be taken from.
    if (backend === `${dst} . ${port}`) return backends.size > 0
    return !backends.has(backend)
  }
}

/** Arguments for conntrack, which ends all flows that are led the same way, whoever the client is. */
export function deletion(family: Family, { dst, port, backend }: Flow): string[] {
  const [ip = '', number = ''] = backend.split(' . ')
  const of = family === 'ip' ? 'ipv4' : 'ipv6'
  const asked = ['--orig-dst', dst, '--orig-port-dst', String(port)]
  const answers = ['--reply-src', ip, '--reply-port-src', number]
  return ['-D', '-f', of, '-p', 'udp', ...asked, ...answers]
}
