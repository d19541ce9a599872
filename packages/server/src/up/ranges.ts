// The addresses of pods and of Services: what was asked for is judged before anything is touched, and what was chosen is
// kept with the data, for neither can change under those that have addresses of it.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { formatRange, type IpRange, parseRangeOf, rangesOverlap } from '@brume/api/network/ip-range'
import { EXIT_USAGE } from '@brume/base/command-line'
import { RunError } from '@brume/machine/run'
import type { DataDir } from '../data-dir.ts'
import { UserError } from '../user-error.ts'
import { writeAtomically } from '../write-atomically.ts'
import { checkFamilies, ipv6PrefixOf, rangesBelow } from './ipv6-prefix.ts'

export interface RangeOptions {
  podRange?: string | undefined
  serviceRange?: string | undefined
  /** A site's own network: its addresses are the site's business. */
  cniConfDir?: string | undefined
  noNode: boolean
  ipFamilies?: string | undefined
}

export interface Ranges {
  /** undefined: this cloud gives pods no addresses. */
  podRange: string | undefined
  serviceRange: string
  /** Of all addresses of IPv6, in a cloud with both families. */
  ipv6Prefix?: string
}

interface Sizes {
  flag: '--pod-range' | '--service-range'
  /** Lengths of the prefix. */
  largest: number
  smallest: number
  /** What the smallest is good for. */
  why: string
  example: string
}

const FILE = 'network.json'
const DEFAULT_SERVICE_RANGE = '10.96.0.0/16'
const PODS: Sizes = {
  flag: '--pod-range',
  largest: 8,
  smallest: 24,
  why: 'each node takes one',
  example: '10.42.0.0/16',
}
const SERVICES: Sizes = {
  flag: '--service-range',
  largest: 8,
  smallest: 30,
  why: 'each Service takes an address',
  example: DEFAULT_SERVICE_RANGE,
}

/** What no machine's own network may be (IANA's registry of special-purpose addresses). */
const RESERVED = ['0.0.0.0/8', '127.0.0.0/8', '169.254.0.0/16', '224.0.0.0/3']

/** What can be said without looking at the machine. Throws UserError. */
export function checkRanges(options: RangeOptions): void {
  const { podRange, serviceRange, cniConfDir } = options
  checkFamilies(options)
  if (podRange !== undefined) checkRange(podRange, PODS)
  if (serviceRange !== undefined) checkRange(serviceRange, SERVICES)
  if (podRange !== undefined && cniConfDir !== undefined) {
    throw new UserError(
      `--pod-range ${podRange} and --cni-conf ${cniConfDir} contradict each other: with a site's own network, it gives pods their addresses`,
      `./brume up --cni-conf ${cniConfDir}`,
      { exitCode: EXIT_USAGE },
    )
  }
  if (podRange === undefined || serviceRange === undefined) return
  if (!rangesOverlap(ipv4(podRange), ipv4(serviceRange))) return
  throw new UserError(
    `--pod-range ${podRange} and --service-range ${serviceRange} overlap: no address can be a pod's and a Service's`,
    './brume up --pod-range 10.42.0.0/16 --service-range 10.96.0.0/16   (ranges that do not overlap)',
    { exitCode: EXIT_USAGE },
  )
}

/**
 * With what the machine's routes and the data directory say. Changes nothing. undefined: routes cannot be seen, for iproute2
 * is not installed yet. Throws UserError.
 */
export async function decideRanges(options: RangeOptions, dir: DataDir): Promise<Ranges | undefined> {
  checkRanges(options)
  const kept = keptRanges(dir)
  const serviceRange = serviceRangeOf(options, kept)
  const ipv6Prefix = ipv6PrefixOf(options, { kept: kept.ipv6Prefix, isOld: existsSync(dir.store) })
  const more = ipv6Prefix === undefined ? {} : { ipv6Prefix }
  if (options.noNode) return { serviceRange, podRange: options.podRange ?? kept.podRange, ...more }
  if (options.cniConfDir !== undefined) return { serviceRange, podRange: undefined, ...more }
  const { checkServiceRange, cloudRange } = await import('@brume/node/network/cloud-range')
  const { RuntimeError } = await import('@brume/node/runtime/error')
  try {
    const isNew = kept.serviceRange === undefined
    if (isNew && options.serviceRange !== undefined) await checkServiceRange(dir.root, options.serviceRange)
    const podRange = await cloudRange({
      dataDir: dir.root,
      wanted: options.podRange,
      kept: kept.podRange,
      serviceRange,
    })
    return { serviceRange, podRange, ...more }
  } catch (error) {
    if (error instanceof RunError && error.code === 'ENOENT') return undefined
    if (!(error instanceof RuntimeError)) throw error
    throw new UserError(error.message, error.next, { cause: error })
  }
}

/** IPv4, then IPv6 if the cloud has it. undefined: this cloud gives pods no addresses. */
export function podRangesOf({ podRange, ipv6Prefix }: Ranges): string[] | undefined {
  if (podRange === undefined) return undefined
  return [podRange, ...(ipv6Prefix === undefined ? [] : [rangesBelow(ipv6Prefix).pods])]
}

/** In the same order. */
export function serviceRangesOf({ serviceRange, ipv6Prefix }: Ranges): [string, ...string[]] {
  return [serviceRange, ...(ipv6Prefix === undefined ? [] : [rangesBelow(ipv6Prefix).services])]
}

export function keepRanges(dir: DataDir, ranges: Ranges): void {
  const path = join(dir.root, FILE)
  const text = `${JSON.stringify(ranges)}\n`
  if (existsSync(path) && readFileSync(path, 'utf8') === text) return
  writeAtomically(path, text)
}

function keptRanges(dir: DataDir): Partial<Ranges> {
  const path = join(dir.root, FILE)
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : {}
}

function serviceRangeOf(
  { serviceRange: wanted }: RangeOptions,
  { serviceRange: kept }: Partial<Ranges>,
): string {
  if (kept === undefined || wanted === undefined || wanted === kept)
    return kept ?? wanted ?? DEFAULT_SERVICE_RANGE
  throw new UserError(
    `--service-range ${wanted}: the Services of this cloud have addresses of ${kept}, and cannot go on under others`,
    `./brume up --service-range ${kept}   (or begin anew: ./brume reset)`,
  )
}

/** Of text that was checked. */
function ipv4(text: string): IpRange {
  return parseRangeOf(4, text)!
}

function checkRange(text: string, { flag, largest, smallest, why, example }: Sizes): void {
  const wrong = (problem: string, next = example) =>
    new UserError(`${flag} ${text} ${problem}`, `./brume up ${flag} ${next}`, { exitCode: EXIT_USAGE })
  const range = text.includes('/') ? parseRangeOf(4, text) : undefined
  if (range === undefined) throw wrong(`is not a range of IPv4 addresses such as ${example}`)
  if (range.bits < largest) throw wrong(`is too large: at most a /${largest}`)
  if (range.bits > smallest) throw wrong(`is too small: at least a /${smallest}, since ${why}`)
  const reserved = RESERVED.find((one) => rangesOverlap(range, ipv4(one)))
  if (reserved !== undefined) throw wrong(`is within ${reserved}, which is no range of machines`)
  const exact = formatRange(range)
  if (exact !== text) throw wrong(`is an address within ${exact}, not a range`, exact)
}
