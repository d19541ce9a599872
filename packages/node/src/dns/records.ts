// What is known of a name, as the records of an answer. Pure.

import type { DnsRecord } from '@brume/api/network/dns-records'
import type { Packet, Answer as PacketRecord, Question } from 'dns-packet'
import { AUTHORITATIVE, NXDOMAIN } from './wire.ts'

/** Whose records these are, for what is said of names that are not there. */
export interface Authority {
  zone: string
  /** Names of the server and of who is responsible are below it. */
  domain: string
  ttlSeconds: number
}

/** `unknown`: there is no such name. No record of the type asked for: the name exists, and this is all that is said. */
export function authoritative(
  base: Packet,
  question: Question,
  { records, authority }: { records: readonly DnsRecord[] | 'unknown'; authority: Authority },
): Packet {
  const flags = (base.flags ?? 0) | AUTHORITATIVE
  const authorities = [soa(authority)]
  if (records === 'unknown') return { ...base, flags: flags | NXDOMAIN, authorities }
  if (question.type === 'SOA' && question.name.toLowerCase() === authority.zone)
    return { ...base, flags, answers: [soa(authority)] }
  const wanted = records.filter(({ type }) => question.type === type)
  const answers = turned(wanted).map((record) => packetRecord(question.name, record, authority.ttlSeconds))
  return answers.length === 0 ? { ...base, flags, authorities } : { ...base, flags, answers, additionals: [] }
}

function packetRecord(name: string, record: DnsRecord, ttl: number): PacketRecord {
  switch (record.type) {
    case 'A':
    case 'AAAA':
      return { type: record.type, name, ttl, data: record.address }
    case 'SRV': {
      const { port, target, priority = 0, weight = 100 } = record
      return { type: 'SRV', name, ttl, data: { port, target, priority, weight } }
    }
    case 'MX': {
      const { preference, exchange } = record
      return { type: 'MX', name, ttl, data: { preference, exchange } }
    }
    case 'CNAME':
    case 'PTR':
      return { type: record.type, name, ttl, data: record.target }
    case 'TXT':
      return { type: 'TXT', name, ttl, data: record.text }
  }
}

function soa({ zone, domain, ttlSeconds }: Authority): PacketRecord {
  return {
    type: 'SOA',
    name: zone,
    ttl: ttlSeconds,
    data: {
      mname: `ns.dns.${domain}`,
      rname: `hostmaster.${domain}`,
      serial: 1,
      refresh: 7200,
      retry: 1800,
      expire: 86_400,
      minimum: ttlSeconds,
    },
  }
}

/** Clients take the first: so each gets its share. */
function turned<T>(items: readonly T[]): T[] {
  const start = items.length < 2 ? 0 : Math.floor(Math.random() * items.length)
  return [...items.slice(start), ...items.slice(0, start)]
}
