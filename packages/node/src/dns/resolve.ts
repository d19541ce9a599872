// From a question to the packet that answers it: names of the cloud by what the cloud knows, all others upstream.

import type { Answer as DnsRecord, Packet, Question } from 'dns-packet'
import {
  type Answer,
  addressOfReverse,
  answerOf,
  type CloudRecord,
  type NameSource,
  reverseAnswer,
} from './names.ts'
import type { Upstream } from './upstream.ts'

export interface ResolverOptions {
  source: NameSource
  upstream: Upstream
  /** cluster.local */
  domain: string
}

export type Resolver = (query: Packet) => Promise<Packet>

const AUTHORITATIVE = 1 << 10
const RECURSION_DESIRED = 1 << 8
const RECURSION_AVAILABLE = 1 << 7
const CHECKING_DISABLED = 1 << 4
const SERVFAIL = 2
const NXDOMAIN = 3
const NOTIMP = 4
/** Short: Services change, and asking again costs a fraction of a millisecond. */
const TTL_SECONDS = 5
/** ExternalNames that lead to ExternalNames, perhaps in a circle. */
const MAX_ALIASES = 8
const STANDARD_QUERY = 'QUERY'

export function resolver({ source, upstream, domain }: ResolverOptions): Resolver {
  return async (query) => {
    const question = query.questions?.[0]
    const flags = (query.flags ?? 0) & (RECURSION_DESIRED | CHECKING_DISABLED)
    const base: Packet = {
      type: 'response',
      ...(query.id === undefined ? {} : { id: query.id }),
      flags: flags | RECURSION_AVAILABLE,
      questions: query.questions ?? [],
    }
    const opcode = (query as { opcode?: string }).opcode ?? STANDARD_QUERY
    if (query.questions?.length !== 1 || question === undefined || opcode !== STANDARD_QUERY) {
      // Without the questions: a thousand that point to one name are short, and would be long in the answer.
      return failed({ ...base, questions: [] }, NOTIMP)
    }
    try {
      return await answerTo(question, 0)
    } catch {
      return failed(base, SERVFAIL)
    }

    /** A client that asks for an address gets the other name's addresses with it. */
    async function aliased(packet: Packet, asked: Question, target: string, depth = 1): Promise<Packet> {
      if (depth > MAX_ALIASES) throw new Error(`${asked.name} leads to more than ${MAX_ALIASES} other names`)
      const alias: DnsRecord = { type: 'CNAME', name: asked.name, ttl: TTL_SECONDS, data: target }
      if (asked.type === 'CNAME') return { ...packet, answers: [alias] }
      const more = await answerTo({ ...asked, name: target }, depth)
      return {
        ...packet,
        flags: (packet.flags ?? 0) | ((more.flags ?? 0) & 0xf),
        answers: [alias, ...(more.answers ?? [])],
      }
    }

    async function answerTo(asked: Question, depth: number): Promise<Packet> {
      const own = ownAnswer(source, domain, asked.name.toLowerCase().replace(/\.$/, ''))
      if (own === undefined) return { ...base, ...(await foreign(upstream, asked, flags)) }
      if (own.type === 'alias') return aliased(base, asked, own.target, depth + 1)
      return authoritative(base, asked, { answer: own, domain })
    }
  }
}

/** undefined: the cloud has nothing to say about it. */
function ownAnswer(source: NameSource, domain: string, name: string): Answer | undefined {
  if (name === domain || name.endsWith(`.${domain}`)) return answerOf(source, domain, name)
  if (addressOfReverse(name) === undefined) return undefined
  const answer = reverseAnswer(source, name)
  return answer.type === 'unknown' ? undefined : answer
}

async function foreign(upstream: Upstream, question: Question, flags: number): Promise<Packet> {
  const answer = await upstream.ask(question, { checkingDisabled: (flags & CHECKING_DISABLED) !== 0 })
  return {
    flags: ((answer.flags ?? 0) & 0xf) | flags | RECURSION_AVAILABLE,
    answers: answer.answers ?? [],
    authorities: answer.authorities ?? [],
  }
}

function authoritative(
  base: Packet,
  question: Question,
  { answer, domain }: { answer: Exclude<Answer, { type: 'alias' }>; domain: string },
): Packet {
  const flags = (base.flags ?? 0) | AUTHORITATIVE
  if (answer.type === 'unknown') return { ...base, flags: flags | NXDOMAIN, authorities: [soa(domain)] }
  const wanted = answer.records.filter(({ type }) => question.type === type)
  const answers = shuffled(wanted).map((record) => recordOf(question.name, record))
  return answers.length === 0
    ? { ...base, flags, authorities: [soa(domain)] }
    : { ...base, flags, answers, additionals: [] }
}

function recordOf(name: string, record: CloudRecord): DnsRecord {
  const ttl = TTL_SECONDS
  switch (record.type) {
    case 'A':
    case 'AAAA':
      return { type: record.type, name, ttl, data: record.address }
    case 'SRV': {
      const { port, target } = record
      return { type: 'SRV', name, ttl, data: { port, target, priority: 0, weight: 100 } }
    }
    case 'PTR':
      return { type: 'PTR', name, ttl, data: record.target }
    case 'TXT':
      return { type: 'TXT', name, ttl, data: record.text }
  }
}

function soa(domain: string): DnsRecord {
  return {
    type: 'SOA',
    name: domain,
    ttl: TTL_SECONDS,
    data: {
      mname: `ns.dns.${domain}`,
      rname: `hostmaster.${domain}`,
      serial: 1,
      refresh: 7200,
      retry: 1800,
      expire: 86_400,
      minimum: TTL_SECONDS,
    },
  }
}

function failed(base: Packet, code: number): Packet {
  return { ...base, flags: (base.flags ?? 0) | code }
}

/** Clients take the first: so each gets its share. */
function shuffled<T>(items: readonly T[]): T[] {
  const start = items.length < 2 ? 0 : Math.floor(Math.random() * items.length)
  return [...items.slice(start), ...items.slice(0, start)]
}
