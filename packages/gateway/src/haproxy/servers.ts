// The servers behind a rule or a stream: places that endpoints take and leave while HAProxy runs, with weights that
// share the requests out among the targets. Pure.

import type { Behind as Found } from '../endpoints.ts'
import type { Target } from '../model.ts'
import { proxyName, word } from './text.ts'

/** In one of the places of a target. */
export interface Seat {
  ip: string
  port: number
  /** 0: it finishes what it has, and gets nothing new. */
  weight: number
}

export type Seats = readonly (Seat | undefined)[]

/** Places of all targets by the name of the target's servers: `NAME.0`, `NAME.1`... */
export type Seating = ReadonlyMap<string, Seats>

export interface Behind {
  target: Target
  /** Whose certificates its servers show, in HAProxy's words; looked at with `target.tls`. */
  authority?: string
  found: Found
}

/** Parts of the requests that no server gets. */
export interface Shares {
  total: number
  /** Of targets that are wrong in themselves: 500. */
  wrong: number
  /** Of targets without endpoints: 503. */
  empty: number
  /** Of the first of each. */
  why: string | undefined
}

const MAX_WEIGHT = 256
/** Products with it are whole numbers still. */
const MAX_COMMON = 1_000_000
const MIN_SEATS = 2
/** So many times more than are needed are given up at the next change. */
const TOO_MANY = 8
/** A share is right to this part of itself at least: a weight of 3 or less is too coarse. */
const FINE_WEIGHT = 4

const ALPN = ' alpn h2,http/1.1'
const PROTOCOL = { http: '', h2c: ' proto h2', https: ` ssl verify none${ALPN}`, tcp: '' }

/** `before`: of the same backend, where endpoints stay where they are. */
export function seatingOf(behind: readonly Behind[], before: Seating = new Map()): Seating {
  const seating = new Map<string, Seats>()
  const weights = weightsOf(behind)
  for (const [i, { target, found }] of behind.entries()) {
    if (target.weight <= 0 || target.problem !== undefined || 'missing' in found) continue
    const name = serverName(target, i)
    const used = found.servers.slice(0, weights[i]!.servers)
    const wanted = used.map(({ ip, port, leaving }) => ({
      ip,
      port,
      weight: leaving === true ? 0 : weights[i]!.weight,
    }))
    seating.set(name, seatsOf(wanted, before.get(name) ?? []))
  }
  return seating
}

/** Those that stay keep their seats. Wherever there are new ones, some are free, so that the next endpoint need not wait
 * for a reload. */
export function seatsOf(wanted: readonly Seat[], before: Seats): Seats {
  let size = MIN_SEATS
  while (size < wanted.length + 1) size *= 2
  if (before.length >= wanted.length && before.length < size * TOO_MANY)
    size = Math.max(before.length, MIN_SEATS)
  const seats: (Seat | undefined)[] = Array.from({ length: size })
  const left = new Map(wanted.map((seat) => [`${seat.ip}:${seat.port}`, seat]))
  for (const [i, seat] of before.slice(0, size).entries()) {
    if (seat === undefined) continue
    const key = `${seat.ip}:${seat.port}`
    seats[i] = left.get(key)
    left.delete(key)
  }
  // One that has just become free may still have connections: it is taken last.
  const free = [...seats.keys()].filter((i) => seats[i] === undefined)
  free.sort((a, b) => Number(before[a] !== undefined) - Number(before[b] !== undefined) || a - b)
  for (const seat of left.values()) seats[free.shift()!] = seat
  return seats
}

export function sharesOf(behind: readonly Behind[]): Shares {
  const shares: Shares = { total: 0, wrong: 0, empty: 0, why: undefined }
  for (const { target, found } of behind) {
    if (target.weight <= 0) continue
    shares.total += target.weight
    const missing = 'missing' in found ? found.missing : undefined
    if (target.problem !== undefined) shares.wrong += target.weight
    // The only target's endpoints come and go without a reload: HAProxy itself sees that there is none.
    else if (missing !== undefined || (behind.length > 1 && isEmpty(found))) shares.empty += target.weight
    shares.why ??= target.problem ?? missing
  }
  return shares
}

export function serverLines(behind: readonly Behind[], seating: Seating, tcp = false): string[] {
  const several = behind.length > 1
  const lines = [several ? 'balance roundrobin' : 'balance leastconn']
  for (const [i, { target, authority = '' }] of behind.entries()) {
    const name = serverName(target, i)
    const protocol = tlsWords(target, authority, tcp)
    for (const [place, seat] of (seating.get(name) ?? []).entries()) {
      const at = seat === undefined ? '127.0.0.1:1 disabled' : `${hostOf(seat)}:${seat.port}`
      const weight = seat === undefined ? 1 : seat.weight
      lines.push(`server ${name}.${place} ${at} weight ${weight}${protocol}`)
    }
  }
  return lines
}

function tlsWords({ tls, protocol }: Target, authority: string, tcp: boolean): string {
  if (tls === undefined) return PROTOCOL[tcp ? 'tcp' : protocol]
  // The name in the hello is the one that is looked for in the certificate.
  const words = ` ssl verify required ca-file ${authority} sni ${word(`str(${tls.hostname})`)}`
  return tcp ? words : `${words}${ALPN}`
}

/** With the brackets that an address of IPv6 has before a port. */
function hostOf({ ip }: Seat): string {
  return ip.includes(':') ? `[${ip}]` : ip
}

/** Of the only target all are alike; of several each endpoint has its part of its target's share. */
function weightsOf(behind: readonly Behind[]): { weight: number; servers: number }[] {
  const counts = behind.map(({ target, found }) =>
    target.problem === undefined && 'servers' in found
      ? found.servers.filter(({ leaving }) => leaving !== true).length
      : 0,
  )
  if (behind.length === 1) return [{ weight: 1, servers: Number.POSITIVE_INFINITY }]
  const exact = exactWeights(behind, counts)
  if (exact !== undefined) return exact.map((weight) => ({ weight, servers: Number.POSITIVE_INFINITY }))
  const parts = behind.map(({ target }, i) => (counts[i] === 0 ? 0 : target.weight / counts[i]!))
  const most = Math.max(...parts)
  return behind.map(({ target }, i) => {
    const weight = Math.max(1, Math.round((parts[i]! / most) * MAX_WEIGHT))
    if (counts[i] === 0 || weight >= FINE_WEIGHT) return { weight, servers: Number.POSITIVE_INFINITY }
    // A small share of many endpoints: fewer of them, so that their weights are not rounded away.
    const whole = (target.weight / most) * MAX_WEIGHT
    const servers = Math.max(1, Math.floor(whole / FINE_WEIGHT))
    return { weight: Math.max(1, Math.round(whole / servers)), servers }
  })
}

/** Weights that are right to the last request, where numbers up to the largest suffice. */
function exactWeights(behind: readonly Behind[], counts: readonly number[]): number[] | undefined {
  const common = counts.reduce((product, count) => (count === 0 ? product : leastCommon(product, count)), 1)
  if (common > MAX_COMMON) return undefined
  const weights = behind.map(({ target }, i) => (counts[i] === 0 ? 0 : (target.weight * common) / counts[i]!))
  const divisor = weights.reduce(greatestCommon, 0)
  if (divisor === 0) return weights.map(() => 1)
  const smallest = weights.map((weight) => weight / divisor)
  return Math.max(...smallest) <= MAX_WEIGHT ? smallest : undefined
}

function greatestCommon(a: number, b: number): number {
  return b === 0 ? a : greatestCommon(b, a % b)
}

function leastCommon(a: number, b: number): number {
  return (a / greatestCommon(a, b)) * b
}

function isEmpty(found: Found): boolean {
  return 'servers' in found && found.servers.every(({ leaving }) => leaving === true)
}

function serverName({ backend: { namespace, service, port } }: Target, i: number): string {
  return proxyName(`${namespace}/${service}/${port}/${i}`)
}
