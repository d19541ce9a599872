// DnsZones as what is answered: each read for itself, so that what is wrong with one keeps no other from being served.
// Pure. Names are in lower case and without the dot at the end; the root is ''.

import { isIPv4, isIPv6 } from 'node:net'
import type { KubeObject } from '../object.ts'
import { type Json, listOf } from '../validate/json.ts'
import type { DnsRecord } from './dns-records.ts'

export interface DnsZone {
  zone: string
  ttlSeconds: number
  /** undefined: for everybody who has no zone of that name for the own namespace. */
  namespaces: readonly string[] | undefined
  /** Whole name -> records; wildcards under their own name, `*.apps.example.com`. */
  records: ReadonlyMap<string, readonly DnsRecord[]>
  /** Where names without records are asked; none: of the node's own servers. undefined: they do not exist. */
  forward: readonly string[] | undefined
}

export interface ZoneVerdict {
  status: 'True' | 'False'
  reason: 'Served' | 'BrokenRecords' | 'InvalidZone' | 'ZoneTaken'
  message: string
}

export interface ReadZones {
  served: readonly DnsZone[]
  /** By the name of the object. */
  verdicts: ReadonlyMap<string, ZoneVerdict>
}

/** Of a sentence about many problems. */
const MAX_NAMED = 5
const DEFAULT_TTL_SECONDS = 30
/** A string of a TXT record (RFC 1035, section 3.3). */
const MAX_TEXT_BYTES = 255
const MAX_NUMBER = 65_535

/** Of two that have the same zone for the same pods, the older one is served. */
export function readZones(objects: readonly KubeObject[], clusterDomain: string): ReadZones {
  const served: DnsZone[] = []
  const verdicts = new Map<string, ZoneVerdict>()
  const owners: { name: string; zone: DnsZone }[] = []
  for (const object of [...objects].sort(byAge)) {
    const name = object.metadata.name ?? ''
    const read = readZone(object, clusterDomain)
    if ('invalid' in read) {
      verdicts.set(name, { status: 'False', reason: 'InvalidZone', message: read.invalid })
      continue
    }
    const { zone, problems } = read
    const owner = owners.find((other) => other.zone.zone === zone.zone && shareClients(other.zone, zone))
    if (owner !== undefined) {
      const message = `DnsZone ${owner.name}, which is older, has ${zoneText(zone.zone)} for ${sharedText(owner.zone, zone)}; name other namespaces in spec.namespaces, or put the records there`
      verdicts.set(name, { status: 'False', reason: 'ZoneTaken', message })
      continue
    }
    owners.push({ name, zone })
    served.push(zone)
    verdicts.set(name, verdictOf(zone, problems))
  }
  return { served, verdicts }
}

function verdictOf(zone: DnsZone, problems: readonly string[]): ZoneVerdict {
  if (problems.length > 0) {
    const rest = problems.length > MAX_NAMED ? `; and ${problems.length - MAX_NAMED} more` : ''
    const message = `${problems.slice(0, MAX_NAMED).join('; ')}${rest}. Everything else of the zone is served`
    return { status: 'False', reason: 'BrokenRecords', message }
  }
  const count = [...zone.records.values()].reduce((sum, records) => sum + records.length, 0)
  const others =
    zone.forward === undefined ? 'no other names' : `others are asked of ${forwardText(zone.forward)}`
  return { status: 'True', reason: 'Served', message: `${count} records; ${others}` }
}

type Read = { zone: DnsZone; problems: string[] } | { invalid: string }

function readZone({ spec }: KubeObject, clusterDomain: string): Read {
  const zone = nameOf(String(spec?.['zone'] ?? ''))
  if (zone === undefined) return { invalid: `spec.zone: ${quoted(spec?.['zone'])} is no name of a zone` }
  if (zone === clusterDomain || zone.endsWith(`.${clusterDomain}`))
    return { invalid: `spec.zone: names of ${clusterDomain} are those of Services and pods` }
  const problems: string[] = []
  const records = new Map<string, DnsRecord[]>()
  for (const [i, record] of listOf(spec['records']).entries()) {
    const path = `spec.records[${i}]`
    const name = recordName(String(record.name ?? ''), zone)
    if (name === undefined) {
      problems.push(`${path}.name: ${quoted(record.name)} is no name below the zone`)
      continue
    }
    for (const [j, value] of (listOf(record.values) as unknown[]).entries()) {
      const read = recordOf(String(record.type), String(value))
      if (read === undefined)
        problems.push(
          `${path}.values[${j}]: ${quoted(value)} is no value of ${record.type} (${SHAPES[record.type] ?? 'an unknown type'})`,
        )
      else records.set(name, [...(records.get(name) ?? []), read])
    }
  }
  for (const [name, of] of records) {
    const why = whyNotAlias(of, name === zone)
    if (why === undefined) continue
    problems.push(`${zoneText(name)}: ${why}`)
    records.set(
      name,
      of.filter(({ type }) => type !== 'CNAME'),
    )
  }
  const forward = forwardOf(spec['forward'], problems)
  if (forward === 'none') return { invalid: `${problems.join('; ')}: no server is left to ask` }
  if (forward === undefined && records.size === 0)
    return { invalid: problems[0] ?? 'spec: neither records nor forward: the zone would hide all its names' }
  const namespaces = listOf(spec['namespaces']) as unknown as string[]
  return {
    zone: {
      zone,
      ttlSeconds: Number(spec['ttlSeconds'] ?? DEFAULT_TTL_SECONDS),
      namespaces: namespaces.length === 0 ? undefined : namespaces,
      records,
      forward,
    },
    problems,
  }
}

/** RFC 1034, section 3.6.2: a name that is an alias has nothing else. */
function whyNotAlias(records: readonly DnsRecord[], isZone: boolean): string | undefined {
  const aliases = records.filter(({ type }) => type === 'CNAME').length
  if (aliases === 0) return undefined
  if (isZone) return 'the zone itself can be no CNAME'
  if (aliases > 1) return 'a CNAME has one value'
  return records.length > 1 ? 'beside a CNAME there can be no other record' : undefined
}

/** `none`: servers are given, and none of them can be asked. */
function forwardOf(forward: Json | undefined, problems: string[]): readonly string[] | undefined | 'none' {
  if (forward === undefined) return undefined
  const given = listOf(forward.servers) as unknown[]
  const servers = given.map(String).filter((server, i) => {
    const ok = isServer(server)
    if (!ok)
      problems.push(
        `spec.forward.servers[${i}]: ${quoted(server)} is no address (192.0.2.53 or 192.0.2.53:5353)`,
      )
    return ok
  })
  return given.length > 0 && servers.length === 0 ? 'none' : servers
}

function isServer(text: string): boolean {
  const match = /^\[(.+)\]:(\d+)$/.exec(text) ?? /^([^:]+):(\d+)$/.exec(text)
  const [host, port] = match === null ? [text, 53] : [match[1]!, Number(match[2])]
  return (isIPv4(host) || isIPv6(host)) && port >= 1 && port <= MAX_NUMBER
}

const SHAPES: Readonly<Record<string, string>> = {
  A: 'an IPv4 address',
  AAAA: 'an IPv6 address',
  CNAME: 'a whole name',
  TXT: 'a text',
  MX: '10 mail.example.com',
  SRV: 'priority weight port target: 0 5 389 ldap.example.com',
}

function recordOf(type: string, value: string): DnsRecord | undefined {
  switch (type) {
    case 'A':
      return isIPv4(value) ? { type, address: value } : undefined
    case 'AAAA':
      return isIPv6(value) && !value.includes('%') ? { type, address: value } : undefined
    case 'CNAME': {
      const target = targetOf(value)
      return target === undefined ? undefined : { type, target }
    }
    case 'TXT':
      return { type, text: pieces(value) }
    case 'MX': {
      const [preference, name = '', ...rest] = value.trim().split(/\s+/)
      const [number, exchange] = [numberOf(preference), targetOf(name)]
      if (number === undefined || exchange === undefined || rest.length > 0) return undefined
      return { type, preference: number, exchange }
    }
    case 'SRV': {
      const [a, b, c, name = '', ...rest] = value.trim().split(/\s+/)
      const [priority, weight, port, target] = [numberOf(a), numberOf(b), numberOf(c), targetOf(name)]
      if (priority === undefined || weight === undefined || port === undefined) return undefined
      if (target === undefined || rest.length > 0) return undefined
      return { type, priority, weight, port, target }
    }
    default:
      return undefined
  }
}

function numberOf(text = ''): number | undefined {
  return /^\d{1,5}$/.test(text) && Number(text) <= MAX_NUMBER ? Number(text) : undefined
}

/** A whole name: with two labels at least, lest somebody means one of the zone. */
function targetOf(text: string): string | undefined {
  const name = nameOf(text)
  return name?.includes('.') ? name : undefined
}

function pieces(value: string): Buffer[] {
  const bytes = Buffer.from(value)
  const count = Math.max(1, Math.ceil(bytes.length / MAX_TEXT_BYTES))
  return Array.from({ length: count }, (_, i) => bytes.subarray(i * MAX_TEXT_BYTES, (i + 1) * MAX_TEXT_BYTES))
}

/** The whole name of a record; undefined: not one of the zone. */
function recordName(text: string, zone: string): string | undefined {
  if (text === '@') return zone
  if (text.endsWith('.')) return undefined
  const wild = text === '*' || text.startsWith('*.')
  const below = wild ? text.slice(2) : text
  const own = below === '' ? (wild ? '' : undefined) : nameOf(below)
  if (own === undefined) return undefined
  const name = [wild ? '*' : '', own, zone].filter((part) => part !== '').join('.')
  return name.length <= 253 ? name : undefined
}

/** In lower case; '' for the root; undefined for what is no name. Underscores are for SRV and TXT. */
function nameOf(text: string): string | undefined {
  if (text === '.') return ''
  const name = text.toLowerCase().replace(/\.$/, '')
  const isLabel = (label: string) => /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/.test(label)
  return name.length <= 253 && name.split('.').every(isLabel) ? name : undefined
}

function shareClients(a: DnsZone, b: DnsZone): boolean {
  if (a.namespaces === undefined || b.namespaces === undefined) return a.namespaces === b.namespaces
  return b.namespaces.some((namespace) => a.namespaces!.includes(namespace))
}

function sharedText(a: DnsZone, b: DnsZone): string {
  const both = (b.namespaces ?? []).filter((namespace) => a.namespaces?.includes(namespace))
  return both.length === 0 ? 'everybody' : `pods of ${both.join(', ')}`
}

function zoneText(zone: string): string {
  return zone === '' ? 'the root' : zone
}

function forwardText(servers: readonly string[]): string {
  return servers.length === 0 ? "the nodes' own servers" : servers.join(', ')
}

function quoted(value: unknown): string {
  return JSON.stringify(value ?? '')
}

function byAge(a: KubeObject, b: KubeObject): number {
  const [x, y] = [a, b].map(({ metadata }) => `${metadata.creationTimestamp ?? ''} ${metadata.name ?? ''}`)
  return x! < y! ? -1 : x! > y! ? 1 : 0
}
