// What a name means in a zone that somebody wrote, wildcards by RFC 4592. Pure.

import type { DnsRecord } from '@brume/api/network/dns-records'
import type { DnsZone } from '@brume/api/network/dns-zones'

export type ZoneAnswer =
  | { type: 'records'; records: readonly DnsRecord[] }
  | { type: 'alias'; target: string }
  | { type: 'unknown' }
  /** The zone has nothing of its own to say about it. */
  | { type: 'forward' }

/** A zone with the names above its records, which exist without having any. */
export interface SearchedZone extends DnsZone {
  names: ReadonlySet<string>
}

export function searched(zone: DnsZone): SearchedZone {
  const names = new Set<string>()
  for (const name of zone.records.keys())
    for (let at = name; at !== zone.zone && at !== ''; at = parentOf(at)) names.add(at)
  return { ...zone, names }
}

/** `name` is the zone's, or below it. */
export function zoneAnswer({ zone, records, names, forward }: SearchedZone, name: string): ZoneAnswer {
  const own = records.get(name)
  if (own !== undefined) return answerOf(own)
  if (name !== zone && !names.has(name)) {
    let encloser = parentOf(name)
    while (encloser !== zone && !names.has(encloser)) encloser = parentOf(encloser)
    const wild = records.get(encloser === '' ? '*' : `*.${encloser}`)
    if (wild !== undefined) return answerOf(wild)
    return { type: forward === undefined ? 'unknown' : 'forward' }
  }
  // It is there without records: for others to say what it is, if there are others.
  return forward === undefined ? { type: 'records', records: [] } : { type: 'forward' }
}

function answerOf(records: readonly DnsRecord[]): ZoneAnswer {
  const [first] = records
  return first?.type === 'CNAME' ? { type: 'alias', target: first.target } : { type: 'records', records }
}

function parentOf(name: string): string {
  const dot = name.indexOf('.')
  return dot === -1 ? '' : name.slice(dot + 1)
}
