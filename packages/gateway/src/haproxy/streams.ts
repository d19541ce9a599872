// Whole connections: TLS by the name in its hello, passed on as it comes or opened here, and TCP by the port. Pure.

import type { Listener, StreamRoute } from '../model.ts'
import { binds, type FrontendInput, passedOn } from './frontends.ts'
import { logLines } from './head.ts'
import { type Behind, type Seating, serverLines, sharesOf } from './servers.ts'
import { hostKey, type Kind, keyOf, kindOf, rank } from './tables.ts'
import { type Lines, proxyName } from './text.ts'

/** As long as a connection may say nothing. */
const SILENT = '1h'
const HELLO = '5s'
/** Protocols whose connections have a name. */
const NAMED: readonly Listener['protocol'][] = ['tls', 'opened-tls']

export interface StreamTables {
  /** Key -> backend. */
  names: Map<string, string>
  /** Port -> how its hosts are asked for. */
  kinds: Map<number, Kind[]>
  /** Port -> the stream that has all of it. */
  tcp: Map<number, StreamRoute>
  /** By id: what is not served, since an older one has its place. */
  left: Map<string, string>
}

export function streamTables(streams: readonly StreamRoute[], listeners: readonly Listener[]): StreamTables {
  const tables: StreamTables = { names: new Map(), kinds: new Map(), tcp: new Map(), left: new Map() }
  const owners = new Map<string, string>()
  for (const stream of [...streams].sort((a, b) => (a.order < b.order ? -1 : 1))) {
    for (const port of stream.ports) {
      const tls = listeners.some((one) => one.port === port && NAMED.includes(one.protocol))
      const key = tls ? hostKey(port, kindOf(stream), stream.host) : `${port}`
      const owner = owners.get(key)
      if (owner !== undefined) {
        const what = tls ? `${stream.host === '' ? 'any name' : stream.host} on port ${port}` : `port ${port}`
        tables.left.set(stream.id, `${what} is taken by ${owner}, which is older; name another`)
        continue
      }
      owners.set(key, stream.id)
      if (!tls) {
        tables.tcp.set(port, stream)
        continue
      }
      tables.names.set(key, proxyName(stream.id))
      const kinds = tables.kinds.get(port) ?? []
      if (!kinds.includes(kindOf(stream))) kinds.push(kindOf(stream))
      tables.kinds.set(
        port,
        kinds.sort((a, b) => rank(a) - rank(b)),
      )
    }
  }
  return tables
}

/** `opened`: connections with other names are opened on the same port. */
export function tlsFrontend(
  port: number,
  input: FrontendInput & { kinds: readonly Kind[]; opened: boolean },
): Lines[] {
  const { dir, kinds, opened } = input
  const set = 'tcp-request content set-var'
  const lines = [
    `frontend tls:${port}`,
    'mode tcp',
    ...binds(port, input),
    `timeout client ${SILENT}`,
    ...(input.accessLog ? logLines(false) : []),
    `tcp-request inspect-delay ${HELLO}`,
    'tcp-request content reject if !{ req.ssl_hello_type 1 }',
    `${set}(txn.host) req.ssl_sni,lower`,
    ...kinds.flatMap((kind) => lookup(dir, port, kind)),
    ...(opened ? [] : ['tcp-request content reject if !{ var(txn.to) -m found }']),
    'use_backend %[var(txn.to)] if { var(txn.to) -m found }',
    ...(opened ? [`default_backend opened:${port}`] : []),
  ]
  if (!opened) return [{ owner: undefined, lines }]
  const pass = [`backend opened:${port}`, 'mode tcp', `timeout server ${SILENT}`]
  const server = `server opened ${passedOn(port, input).server} send-proxy-v2`
  return [
    { owner: undefined, lines },
    { owner: undefined, lines: [...pass, server] },
  ]
}

/** Opened here; what is in it is passed on as it is. */
export function openedTlsFrontend(port: number, input: FrontendInput & { kinds: readonly Kind[] }): Lines {
  const { dir, kinds } = input
  const set = 'tcp-request content set-var'
  const lines = [
    `frontend opened-tls:${port}`,
    'mode tcp',
    ...binds(port, input, ` ssl crt-list ${dir}/crt-list`),
    `timeout client ${SILENT}`,
    ...(input.accessLog ? logLines(false) : []),
    `${set}(txn.host) ssl_fc_sni,lower`,
    ...kinds.flatMap((kind) => lookup(dir, port, kind)),
    'tcp-request content reject if !{ var(txn.to) -m found }',
    'use_backend %[var(txn.to)]',
  ]
  return { owner: undefined, lines }
}

function lookup(dir: string, port: number, kind: Kind): string[] {
  const set = 'tcp-request content set-var'
  const key = keyOf(set, port, kind, false)
  const found = `${set}(txn.to) ${key.words},map_str(${dir}/names.map) if !{ var(txn.to) -m found }`
  return [...key.lines, found]
}

export function tcpFrontend(port: number, stream: StreamRoute, input: FrontendInput): Lines {
  const lines = [
    `frontend tcp:${port}`,
    'mode tcp',
    ...binds(port, input),
    `timeout client ${SILENT}`,
    ...(input.accessLog ? logLines(false) : []),
    `default_backend ${proxyName(stream.id)}`,
  ]
  return { owner: stream.id, lines }
}

export function streamBackend({ id }: StreamRoute, behind: readonly Behind[], seating: Seating): string[] {
  const { total, wrong, empty } = sharesOf(behind)
  const dead = wrong + empty
  const reject = 'tcp-request content reject'
  return [
    `backend ${proxyName(id)}`,
    'mode tcp',
    `timeout server ${SILENT}`,
    ...(dead >= total ? [reject] : dead > 0 ? [`${reject} if { rand(${total}) lt ${dead} }`] : []),
    ...serverLines(behind, seating, true),
  ]
}
