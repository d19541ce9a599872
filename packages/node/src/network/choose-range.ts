// Which addresses the pods of this node get. Pure.

import { createHash } from 'node:crypto'
import { formatRange, type IpRange, parseRangeOf, rangesOverlap } from '@brume/api/network/ip-range'

export interface RangeQuestion {
  /** Clouds on one machine begin their search at different places: see ownNames. */
  name: string
  /** Asked for by the person who started it. */
  wanted?: string | undefined
  /** What pods of an earlier run have. */
  kept?: string | undefined
  /** The Node's spec.podCIDR. */
  assigned?: string | undefined
  /** How large one that is searched for is; default 24: 254 addresses, more than a node's 110 pods. */
  bits?: number
  /** Ranges that lead elsewhere: the host's routes and the Services' range. */
  taken: readonly TakenRange[]
}

export interface TakenRange {
  range: string
  /** `the route over eth0`. */
  by: string
}

export type RangeAnswer = { range: string } | { problem: string }

const NODE_BITS = 24
const USUAL_NAME = 'brume'
/** 10.42.0.0 to 10.105.255.0. */
const FIRST_SECOND_OCTET = 42
const SECOND_OCTETS = 64
/** Smaller ones hold no pods: the network, the gateway, the broadcast address. */
const MAX_BITS = 29

export function chooseRange(question: RangeQuestion): RangeAnswer {
  const { wanted, kept, assigned, taken } = question
  const given = wanted ?? kept ?? assigned
  if (given === undefined) return search(question)
  const range = parseRangeOf(4, given)
  if (range === undefined || range.bits > MAX_BITS || formatRange(range) !== given) {
    return { problem: `${given} is not a range of addresses such as 10.42.0.0/24` }
  }
  const clash = clashOf(range, taken)
  if (clash === undefined) return { range: given }
  return { problem: `the pods' range ${given} overlaps ${clash.by} (${clash.range})` }
}

function search({ name, taken, bits = NODE_BITS }: RangeQuestion): RangeAnswer {
  const candidates = SECOND_OCTETS * 2 ** (bits - 16)
  const start = name === USUAL_NAME ? 0 : createHash('sha256').update(name).digest().readUInt16BE(0)
  for (let step = 0; step < candidates; step++) {
    const index = (start + step) % candidates
    const first = BigInt((10 * 256 + FIRST_SECOND_OCTET) * 65_536 + index * 2 ** (32 - bits))
    const range: IpRange = { family: 4, first, bits }
    if (clashOf(range, taken) === undefined) return { range: formatRange(range) }
  }
  return {
    problem: 'the routes of this machine leave no range between 10.42.0.0 and 10.105.255.255 free for pods',
  }
}

/** What leads elsewhere already, if anything does. */
export function clashOf(range: IpRange, taken: readonly TakenRange[]): TakenRange | undefined {
  return taken.find((other) => {
    const parsed = parseRangeOf(4, other.range)
    // A default route leads everywhere, and gives way to every other.
    return parsed !== undefined && parsed.bits > 0 && rangesOverlap(range, parsed)
  })
}
