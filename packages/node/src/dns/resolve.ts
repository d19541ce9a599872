// From a question to the packet that answers it: names of the cloud by what the cloud knows, names of zones by what
// somebody wrote for the asker's namespace, all others upstream.

import type { Packet, Answer as PacketRecord, Question } from 'dns-packet'
import { addressOfReverse, answerOf, type NameSource, reverseAnswer } from './names.ts'
import { type Authority, authoritative } from './records.ts'
import type { Upstream } from './upstream.ts'
import {
  CHECKING_DISABLED,
  NOTIMP,
  RCODE_MASK,
  RECURSION_AVAILABLE,
  RECURSION_DESIRED,
  SERVFAIL,
} from './wire.ts'
import type { ZoneSource } from './zone-views.ts'

export interface ResolverOptions {
  source: NameSource
  upstream: Upstream
  /** cluster.local */
  domain: string
  zones?: ZoneSource
}

/** `client`: the address of who asks. */
export type Resolver = (query: Packet, client: string) => Promise<Packet>

/** Short: Services change, and asking again costs a fraction of a millisecond. */
const TTL_SECONDS = 5
/** Names that lead to other names, perhaps in a circle. */
const MAX_ALIASES = 8
const STANDARD_QUERY = 'QUERY'

interface Asked {
  base: Packet
  client: string
  /** Other names that led here. */
  depth: number
}

export function resolver(options: ResolverOptions): Resolver {
  const { source, upstream, domain, zones } = options
  const cloud: Authority = { zone: domain, domain, ttlSeconds: TTL_SECONDS }

  return async (query, client) => {
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
      return await answerTo(question, { base, client, depth: 0 })
    } catch {
      return failed(base, SERVFAIL)
    }
  }

  async function answerTo(question: Question, asked: Asked): Promise<Packet> {
    const { base, client } = asked
    const name = question.name.toLowerCase().replace(/\.$/, '')
    if (isWithin(name, domain)) {
      await source.synced()
      const answer = answerOf(source, domain, name)
      if (answer.type === 'alias')
        return aliased(question, asked, { target: answer.target, ttl: TTL_SECONDS })
      const records = answer.type === 'unknown' ? answer.type : answer.records
      return authoritative(base, question, { records, authority: cloud })
    }
    if (addressOfReverse(name) !== undefined) {
      await source.synced()
      const answer = reverseAnswer(source, name)
      if (answer.type === 'records')
        return authoritative(base, question, { records: answer.records, authority: cloud })
    }
    await zones?.synced()
    const found = zones?.find(name, client)
    if (found?.type === 'alias')
      return aliased(question, asked, { target: found.target, ttl: found.ttlSeconds })
    if (found?.type === 'forward') return foreign(found.upstream, question, asked)
    if (found !== undefined) {
      const { zone, ttlSeconds } = found
      const records = found.type === 'unknown' ? found.type : found.records
      return authoritative(base, question, { records, authority: { zone, domain, ttlSeconds } })
    }
    return foreign(upstream, question, asked)
  }

  /** A client that asks for an address gets the other name's addresses with it. */
  async function aliased(
    question: Question,
    { base, client, depth }: Asked,
    { target, ttl }: { target: string; ttl: number },
  ): Promise<Packet> {
    if (depth >= MAX_ALIASES)
      throw new Error(`${question.name} leads to more than ${MAX_ALIASES} other names`)
    const alias: PacketRecord = { type: 'CNAME', name: question.name, ttl, data: target }
    if (question.type === 'CNAME') return { ...base, answers: [alias] }
    const more = await answerTo({ ...question, name: target }, { base, client, depth: depth + 1 })
    return {
      ...base,
      flags: (base.flags ?? 0) | ((more.flags ?? 0) & RCODE_MASK),
      answers: [alias, ...(more.answers ?? [])],
      authorities: more.authorities ?? [],
    }
  }
}

export function isWithin(name: string, zone: string): boolean {
  return name === zone || name.endsWith(`.${zone}`) || zone === ''
}

/** The answer is for who asks now: the name is written as in the question (RFC 1035, section 2.3.3), whoever asked first. */
async function foreign(upstream: Upstream, question: Question, { base, client }: Asked): Promise<Packet> {
  const checkingDisabled = ((base.flags ?? 0) & CHECKING_DISABLED) !== 0
  const answer = await upstream.ask(question, { checkingDisabled, client })
  const lower = question.name.toLowerCase()
  const asAsked = <T extends { name: string }>(record: T): T =>
    record.name.toLowerCase() === lower ? { ...record, name: question.name } : record
  return {
    ...base,
    flags: ((answer.flags ?? 0) & RCODE_MASK) | (base.flags ?? 0),
    answers: (answer.answers ?? []).map(asAsked),
    authorities: answer.authorities ?? [],
  }
}

function failed(base: Packet, code: number): Packet {
  return { ...base, flags: (base.flags ?? 0) | code }
}
