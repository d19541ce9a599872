// Answers of other servers: kept as long as they say, at most a while; and some time longer for when nobody answers any
// more (RFC 8767). Bounded in bytes. Pure but for what it remembers.

import { encodingLength, type Packet } from 'dns-packet'
import { NXDOMAIN, RCODE_MASK } from './wire.ts'

interface Kept {
  packet: Packet
  fromMs: number
  untilMs: number
  bytes: number
}

const MAX_KEPT_PACKET_BYTES = 4096
const MAX_TTL_SECONDS = 30
/** An answer that is out of date is better than none, for that long. */
const STALE_MS = 60 * 60_000
/** What a client is told that such an answer is good for (RFC 8767, section 4). */
const STALE_TTL_SECONDS = 30

export class AnswerCache {
  readonly #kept = new Map<string, Kept>()
  readonly #maxBytes: number
  #bytes = 0

  /** As packets; in memory they take some times that. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  keep(key: string, packet: Packet, nowMs: number): void {
    const ttlSeconds = ttlOf(packet)
    const bytes = encodingLength(packet)
    if (ttlSeconds <= 0 || bytes > MAX_KEPT_PACKET_BYTES) return
    this.#forget(key)
    this.#kept.set(key, { packet, fromMs: nowMs, untilMs: nowMs + ttlSeconds * 1000, bytes })
    this.#bytes += bytes
    while (this.#bytes > this.#maxBytes) this.#forget(this.#kept.keys().next().value!)
  }

  fresh(key: string, nowMs: number): Packet | undefined {
    const known = this.#kept.get(key)
    if (known === undefined || known.untilMs <= nowMs) return undefined
    const seconds = Math.floor((nowMs - known.fromMs) / 1000)
    return withTtl(known.packet, (ttl) => Math.max(0, ttl - seconds))
  }

  /** What it was, not too long ago. */
  stale(key: string, nowMs: number): Packet | undefined {
    const known = this.#kept.get(key)
    if (known === undefined || known.untilMs + STALE_MS <= nowMs) return undefined
    return withTtl(known.packet, () => STALE_TTL_SECONDS)
  }

  #forget(key: string): void {
    this.#bytes -= this.#kept.get(key)?.bytes ?? 0
    this.#kept.delete(key)
  }
}

/** Seconds for which the answer may be kept; 0: not at all. Of names that are not there: what the zone says (RFC 2308). */
function ttlOf({ answers = [], authorities = [], flags = 0 }: Packet): number {
  const code = flags & RCODE_MASK
  if (code !== 0 && code !== NXDOMAIN) return 0
  const ttls = answers.flatMap((record) => ('ttl' in record && record.ttl !== undefined ? [record.ttl] : []))
  if (answers.length === 0 || code === NXDOMAIN) {
    const soa = authorities.find((record) => record.type === 'SOA')
    if (soa === undefined) return 0
    ttls.push(soa.ttl ?? 0, soa.data.minimum ?? 0)
  }
  return ttls.length === 0 ? 0 : Math.min(MAX_TTL_SECONDS, ...ttls)
}

function withTtl(packet: Packet, change: (ttl: number) => number): Packet {
  const changed = <T extends object>(record: T): T =>
    'ttl' in record ? { ...record, ttl: change(Number(record.ttl)) } : record
  return {
    ...packet,
    answers: (packet.answers ?? []).map(changed),
    authorities: (packet.authorities ?? []).map(changed),
  }
}
