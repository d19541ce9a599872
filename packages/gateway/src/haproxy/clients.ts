// How many connections one client may have open at once, on all ports together: whoever opens more, and says nothing in
// them, would take everybody else's. Pure.

import type { Lines } from './text.ts'

export interface ClientLimit {
  /** 0: as many as it likes. */
  connections: number
  /** Ranges of those who speak for many clients, and may have any number. */
  proxies: readonly string[]
}

/** Who a client is: an address of IPv4; of IPv6, where each has 2^64 of them, the network. */
export const CLIENT = 'src,ipmask(32,64)'

const TABLE = 'clients'
/** More than there can be connections: each is counted. */
const MAX_CLIENTS = 100_000
const RANGES_A_LINE = 40
/** Each connection has one to its server. */
const FILES_A_CONNECTION = 2
/** However few connections there can be in all, this part of them is not one client's. */
const MAX_PART = 4

/** `files`: how many HAProxy may open. */
export function fairLimit(limit: ClientLimit, files: number): ClientLimit {
  const most = Math.max(1, Math.floor(files / FILES_A_CONNECTION / MAX_PART))
  return { ...limit, connections: Math.min(limit.connections, most) }
}

export function clientSection({ connections }: ClientLimit): Lines[] {
  if (connections === 0) return []
  const table = `stick-table type ipv6 size ${MAX_CLIENTS} expire 1m store conn_cur`
  return [{ owner: undefined, lines: [`backend ${TABLE}`, table] }]
}

/** In a frontend, before anything is read. */
export function connectionLines({ connections, proxies }: ClientLimit): string[] {
  if (connections === 0) return []
  const known = proxies.length === 0 ? '' : ' if !proxy'
  return [
    ...rangeLines('proxy', proxies),
    `tcp-request connection track-sc0 ${CLIENT} table ${TABLE}${known}`,
    `tcp-request connection reject if { sc0_conn_cur gt ${connections} }`,
  ]
}

/** A condition that holds for whoever asks from one of the ranges. */
export function rangeLines(name: string, ranges: readonly string[]): string[] {
  const lines: string[] = []
  for (let i = 0; i < ranges.length; i += RANGES_A_LINE)
    lines.push(`acl ${name} src -- ${ranges.slice(i, i + RANGES_A_LINE).join(' ')}`)
  return lines
}
