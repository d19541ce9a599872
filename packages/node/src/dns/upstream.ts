// Names of the rest of the world: asked of other servers, remembered, and shared out fairly: one pod's flood of questions
// keeps no other pod from asking. When no server answers, what they said before is told again.

import { randomInt } from 'node:crypto'
import type { Clock } from '@brume/base/clock'
import type { Packet, Question } from 'dns-packet'
import { AnswerCache } from './answer-cache.ts'
import { askServer } from './ask-server.ts'
import { FairShare, type Shares } from './fair-share.ts'
import {
  CHECKING_DISABLED,
  NOTIMP,
  optRecord,
  RCODE_MASK,
  RECURSION_DESIRED,
  REFUSED,
  SERVFAIL,
} from './wire.ts'

export interface UpstreamOptions {
  /** Addresses, asked in this order; 192.0.2.1 or 192.0.2.1:5353 (IPv6: [::1]:5353). */
  servers: readonly string[]
  clock: Clock
  /** For the ids of questions: [0, 1). */
  random?: () => number
  /** Shared with other upstreams: a client has one share of them all. */
  share?: FairShare
  maxKeptBytes?: number
}

export interface Asking {
  checkingDisabled: boolean
  /** Who asks: its address. */
  client: string
}

export interface Upstream {
  /** Throws when no server answers, or the client asks too much. */
  ask(question: Question, asking: Asking): Promise<Packet>
}

/** 110 pods of a node would wait for each other only if each had twenty names that nobody answers for. */
export const SHARES: Shares = { total: 500, perClient: 25, waitingPerClient: 200 }

const TRY_MS = 1500
/** For a server that was silent a moment ago. */
const SHORT_TRY_MS = 400
const SILENT_MS = 10_000
const ROUNDS = 2
/** Clients give up after five seconds. */
const LIMIT_MS = 4000
/** Then a client hears what was true before (RFC 8767, section 5). */
const PATIENCE_MS = 1800
const MAX_KEPT_BYTES = 4 * 1024 * 1024
/** Another server may know better. */
const USELESS: ReadonlySet<number> = new Set([SERVFAIL, NOTIMP, REFUSED])

/** Who guesses an id can answer in the server's place. */
const unguessable = () => randomInt(65_536) / 65_536

export function upstream(options: UpstreamOptions): Upstream {
  const { servers, clock, random = unguessable, maxKeptBytes = MAX_KEPT_BYTES } = options
  const share = options.share ?? new FairShare(SHARES)
  const cache = new AnswerCache(maxKeptBytes)
  const open = new Map<string, Promise<Packet>>()
  const silentUntilMs = new Map<string, number>()

  /** Those that answered last come first. */
  const inOrder = () => {
    const isSilent = (server: string) => (silentUntilMs.get(server) ?? 0) > clock.now()
    const [speaking, silent] = [servers.filter((one) => !isSilent(one)), servers.filter(isSilent)]
    return [
      ...speaking.map((server) => ({ server, limitMs: TRY_MS })),
      ...silent.map((server) => ({ server, limitMs: SHORT_TRY_MS })),
    ]
  }
  const fetch = async (question: Question, flags: number): Promise<Packet> => {
    let failure: unknown = new Error('this node has no DNS server of its own')
    let useless: Packet | undefined
    const endMs = clock.now() + LIMIT_MS
    for (let round = 0; round < ROUNDS && useless === undefined; round++) {
      for (const { server, limitMs } of inOrder()) {
        const leftMs = endMs - clock.now()
        if (leftMs <= 0) break
        try {
          const query = queryFor(question, flags, Math.floor(random() * 65_536))
          const answer = await askServer(server, query, Math.min(limitMs, leftMs))
          silentUntilMs.delete(server)
          if (!USELESS.has((answer.flags ?? 0) & RCODE_MASK)) return answer
          useless ??= answer
        } catch (error) {
          silentUntilMs.set(server, clock.now() + SILENT_MS)
          failure = error
        }
      }
    }
    if (useless !== undefined) return useless
    throw failure
  }
  /** Questions of several clients that are the same are asked once. */
  const fetchOnce = (key: string, question: Question, flags: number): Promise<Packet> => {
    const under = open.get(key)
    if (under !== undefined) return under
    const asking = fetch(question, flags)
      .then((packet) => {
        cache.keep(key, packet, clock.now())
        return packet
      })
      .finally(() => open.delete(key))
    open.set(key, asking)
    return asking
  }
  return {
    async ask(question, { checkingDisabled, client }) {
      const flags = RECURSION_DESIRED | (checkingDisabled ? CHECKING_DISABLED : 0)
      const key = `${question.name.toLowerCase()} ${question.type} ${question.class ?? ''} ${flags}`
      const known = cache.fresh(key, clock.now())
      if (known !== undefined) return known
      const asking =
        open.get(key) ??
        // What waited may be known by now.
        share.run(
          client,
          async () => cache.fresh(key, clock.now()) ?? (await fetchOnce(key, question, flags)),
        )
      return orStale(asking, () => cache.stale(key, clock.now()), clock)
    },
  }
}

/** The answer; or, when that fails or takes long, what `stale` has, if anything. */
async function orStale(
  asking: Promise<Packet>,
  stale: () => Packet | undefined,
  clock: Clock,
): Promise<Packet> {
  const asked = asking.then(
    (packet) => (USELESS.has((packet.flags ?? 0) & RCODE_MASK) ? (stale() ?? packet) : packet),
    (error) => {
      const old = stale()
      if (old === undefined) throw error
      return old
    },
  )
  if (stale() === undefined) return asked
  const { promise, resolve } = Promise.withResolvers<Packet>()
  const timer = clock.after(PATIENCE_MS, () => resolve(stale() ?? asked))
  return Promise.race([asked, promise]).finally(() => timer.cancel())
}

function queryFor(question: Question, flags: number, id: number): Packet {
  return { type: 'query', id, flags, questions: [question], additionals: [optRecord()] }
}
