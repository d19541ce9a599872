// Names of the rest of the world: asked of the node's own servers, remembered as long as they say, at most a while.

import { randomInt } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { connect, isIPv6 } from 'node:net'
import type { Clock } from '@brume/base/clock'
import {
  decode,
  encode,
  encodingLength,
  type Packet,
  type Question,
  streamDecode,
  streamEncode,
} from 'dns-packet'

export interface UpstreamOptions {
  /** Addresses, asked in this order; 192.0.2.1 or 192.0.2.1:5353 (IPv6: [::1]:5353). */
  servers: readonly string[]
  clock: Clock
  /** For the ids of questions: [0, 1). */
  random?: () => number
}

export interface Upstream {
  /** Throws when no server answers. */
  ask(question: Question, options: { checkingDisabled: boolean }): Promise<Packet>
}

interface Kept {
  packet: Packet
  fromMs: number
  untilMs: number
  bytes: number
}

const TRY_MS = 2000
const ROUNDS = 2
/** As packets; in memory they take some times that. */
const MAX_KEPT_BYTES = 4 * 1024 * 1024
const MAX_KEPT_PACKET_BYTES = 4096
const MAX_TTL_SECONDS = 30
const MAX_OPEN = 500
const DNS_PORT = 53
const UDP_BYTES = 1232
const RECURSION_DESIRED = 1 << 8
const CHECKING_DISABLED = 1 << 4
const TRUNCATED = 1 << 9
const RCODE_MASK = 0xf
const NXDOMAIN = 3

/** Who guesses an id can answer in the server's place. */
const unguessable = () => randomInt(65_536) / 65_536

export function upstream({ servers, clock, random = unguessable }: UpstreamOptions): Upstream {
  const kept = new Map<string, Kept>()
  let keptBytes = 0
  const forget = (key: string) => {
    keptBytes -= kept.get(key)?.bytes ?? 0
    kept.delete(key)
  }
  const keep = (key: string, packet: Packet, ttlSeconds: number) => {
    const bytes = encodingLength(packet)
    if (ttlSeconds <= 0 || bytes > MAX_KEPT_PACKET_BYTES) return
    const now = clock.now()
    kept.set(key, { packet, fromMs: now, untilMs: now + ttlSeconds * 1000, bytes })
    keptBytes += bytes
    while (keptBytes > MAX_KEPT_BYTES) forget(kept.keys().next().value!)
  }
  const open = new Map<string, Promise<Packet>>()
  const fetch = async (question: Question, flags: number): Promise<Packet> => {
    let failure: unknown = new Error('this node has no DNS server of its own')
    for (let round = 0; round < ROUNDS; round++) {
      for (const server of servers) {
        const query: Packet = {
          type: 'query',
          id: Math.floor(random() * 65_536),
          flags,
          questions: [question],
          additionals: [
            {
              type: 'OPT',
              name: '.',
              udpPayloadSize: UDP_BYTES,
              flags: 0,
              options: [],
              extendedRcode: 0,
              ednsVersion: 0,
              flag_do: false,
            },
          ],
        }
        try {
          const answer = await overUdp(server, query)
          return ((answer.flags ?? 0) & TRUNCATED) === 0 ? answer : await overTcp(server, query)
        } catch (error) {
          failure = error
        }
      }
    }
    throw failure
  }
  return {
    async ask(question, { checkingDisabled }) {
      const flags = RECURSION_DESIRED | (checkingDisabled ? CHECKING_DISABLED : 0)
      const key = `${question.name.toLowerCase()} ${question.type} ${question.class ?? ''} ${flags}`
      const now = clock.now()
      const known = kept.get(key)
      if (known !== undefined && known.untilMs > now) return aged(known, now)
      forget(key)
      const under = open.get(key)
      if (under !== undefined) return under
      if (open.size >= MAX_OPEN) throw new Error('too many names are asked for at once')
      const asking = fetch(question, flags)
      open.set(key, asking)
      try {
        const packet = await asking
        keep(key, packet, ttlOf(packet))
        return packet
      } finally {
        open.delete(key)
      }
    },
  }
}

/** Seconds for which the answer may be kept; 0: not at all. For names that are not there: what the zone's SOA says. */
function ttlOf({ answers = [], authorities = [], flags = 0 }: Packet): number {
  const code = flags & RCODE_MASK
  if (code !== 0 && code !== NXDOMAIN) return 0
  const soa = authorities.find(({ type }) => type === 'SOA')
  const records = answers.length > 0 ? answers : soa === undefined ? [] : [soa]
  const ttls = records.flatMap((record) => ('ttl' in record && record.ttl !== undefined ? [record.ttl] : []))
  return ttls.length === 0 ? 0 : Math.min(MAX_TTL_SECONDS, ...ttls)
}

function aged({ packet, fromMs }: Kept, now: number): Packet {
  const seconds = Math.floor((now - fromMs) / 1000)
  const older = <T extends object>(record: T): T =>
    'ttl' in record ? { ...record, ttl: Math.max(0, Number(record.ttl) - seconds) } : record
  return {
    ...packet,
    answers: (packet.answers ?? []).map(older),
    authorities: (packet.authorities ?? []).map(older),
  }
}

function overUdp(server: string, query: Packet): Promise<Packet> {
  const { host, port } = endpointOf(server)
  const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4')
  return new Promise<Packet>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${server} gives no answer`)), TRY_MS)
    socket.on('error', reject)
    socket.on('message', (bytes) => {
      const answer = answerTo(query, () => decode(bytes))
      // Anything else is a stray, or a forgery: the real answer may still come.
      if (answer !== undefined) {
        clearTimeout(timer)
        resolve(answer)
      }
    })
    // Connected: only this server's packets come in.
    socket.connect(port, host, (error?: Error) => {
      if (error !== undefined && error !== null) reject(error)
      else socket.send(encode(query))
    })
  }).finally(() => socket.close())
}

function overTcp(server: string, query: Packet): Promise<Packet> {
  const { host, port } = endpointOf(server)
  const socket = connect({ host, port, timeout: TRY_MS })
  const chunks: Buffer[] = []
  return new Promise<Packet>((resolve, reject) => {
    socket.on('error', reject)
    socket.on('timeout', () => reject(new Error(`${server} gives no answer`)))
    socket.on('close', () => reject(new Error(`${server} closed the connection without an answer`)))
    socket.on('data', (chunk) => {
      chunks.push(chunk)
      const all = Buffer.concat(chunks)
      if (all.length < 2 || all.length < all.readUInt16BE(0) + 2) return
      const answer = answerTo(query, () => streamDecode(all))
      if (answer === undefined) reject(new Error(`${server} answers something else`))
      else resolve(answer)
    })
    socket.on('connect', () => socket.write(streamEncode(query)))
  }).finally(() => socket.destroy())
}

/** undefined: it is no answer to this question. */
function answerTo(query: Packet, read: () => Packet): Packet | undefined {
  try {
    const packet = read()
    const [asked, told] = [query.questions![0]!, packet.questions?.[0]]
    const same = told?.type === asked.type && told.name.toLowerCase() === asked.name.toLowerCase()
    return packet.type === 'response' && packet.id === query.id && same ? packet : undefined
  } catch {
    return undefined
  }
}

function endpointOf(server: string): { host: string; port: number } {
  const match = /^\[(.+)\]:(\d+)$/.exec(server) ?? /^([^:]+):(\d+)$/.exec(server)
  return match === null ? { host: server, port: DNS_PORT } : { host: match[1]!, port: Number(match[2]) }
}
