// The addresses of all pods of a cloud: chosen once, where the first machine has no route.

import { parseRangeOf } from '@brume/api/network/ip-range'
import { ownNames } from '@brume/machine/own-names'
import { RuntimeError } from '../runtime/error.ts'
import { chooseRange, clashOf } from './choose-range.ts'
import { hostRoutes, takenByRoutes } from './host.ts'
import { keptRange } from './network.ts'

export interface CloudRangeOptions {
  dataDir: string
  /** Asked for by the person who starts the cloud. */
  wanted?: string | undefined
  /** What it was at the last start. */
  kept?: string | undefined
  serviceRange: string
}

/** 254 nodes of 254 pods. */
const CLOUD_BITS = 16

/** Changes nothing. Throws RuntimeError when there is none, or when it is to change under pods that have addresses of it. */
export async function cloudRange({
  dataDir,
  wanted,
  kept,
  serviceRange,
}: CloudRangeOptions): Promise<string> {
  if (kept !== undefined && (wanted === undefined || wanted === kept)) return kept
  const { bridge, table } = ownNames(dataDir)
  const own = keptRange(dataDir)
  if (kept !== undefined && own !== undefined) {
    throw new RuntimeError(
      `--pod-range ${wanted}: the pods of this cloud have addresses of ${kept}, and cannot go on under others`,
      `./brume up --pod-range ${kept}   (or begin anew: ./brume reset)`,
    )
  }
  const taken = takenByRoutes(await hostRoutes(), bridge)
  taken.push({ range: serviceRange, by: "the Services' range" })
  const question = { name: table, taken, bits: CLOUD_BITS }
  // A node that had its range before clouds had one keeps it.
  const answer = chooseRange({ ...question, wanted, kept: own === undefined ? undefined : around(own) })
  if (!('problem' in answer)) return answer.range
  const other = chooseRange(question)
  const free = 'range' in other ? `${other.range}   (a free one)` : 'CIDR'
  const problem = wanted === undefined ? answer.problem : `--pod-range: ${answer.problem}`
  throw new RuntimeError(problem, `./brume up --pod-range ${free}`)
}

/**
 * Services of an address that the machine has a route for would hide what is there. Another cloud on this machine may have
 * the same range. Throws RuntimeError.
 */
export async function checkServiceRange(dataDir: string, wanted: string): Promise<void> {
  const taken = takenByRoutes(await hostRoutes(), ownNames(dataDir).bridge)
  const clash = clashOf(
    parseRangeOf(4, wanted)!,
    taken.filter(({ range }) => range !== wanted),
  )
  if (clash === undefined) return
  throw new RuntimeError(
    `--service-range: ${wanted} overlaps ${clash.by} (${clash.range}), and what is there could not be reached any more`,
    './brume up --service-range 10.96.0.0/16   (the usual one, or another that no route uses: ip route)',
  )
}

function around(range: string): string | undefined {
  const parsed = parseRangeOf(4, range)
  if (parsed === undefined) return undefined
  return range.replace(/\.\d+\.\d+\/\d+$/, `.0.0/${CLOUD_BITS}`)
}
