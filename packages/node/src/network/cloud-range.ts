// The addresses of all pods of a cloud: chosen once, where the first machine has no route, and kept.

import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseRangeOf } from '@brume/api/network/ip-range'
import { ownNames } from '@brume/machine/own-names'
import { RuntimeError } from '../runtime/error.ts'
import { chooseRange } from './choose-range.ts'
import { hostRoutes, takenByRoutes } from './host.ts'
import { keptRange } from './network.ts'

export interface CloudRangeOptions {
  dataDir: string
  /** Asked for by the person who starts the cloud. */
  wanted?: string | undefined
  serviceRange: string
}

const FILE = 'network.json'
/** 254 nodes of 254 pods. */
const CLOUD_BITS = 16

/** Throws RuntimeError when there is none, or when it is to change under pods that have addresses of it. */
export async function cloudRange({ dataDir, wanted, serviceRange }: CloudRangeOptions): Promise<string> {
  const path = join(dataDir, FILE)
  const kept: string | undefined = existsSync(path)
    ? JSON.parse(readFileSync(path, 'utf8')).podRange
    : undefined
  if (kept !== undefined && (wanted === undefined || wanted === kept)) return kept
  const { bridge, table } = ownNames(dataDir)
  const own = keptRange(dataDir)
  if (kept !== undefined && own !== undefined) {
    throw new RuntimeError(
      `the pods of this cloud have addresses of ${kept}; they cannot go on under ${wanted}`,
      `./brume up --pod-range ${kept}   (or begin anew: ./brume reset)`,
    )
  }
  const taken = takenByRoutes(await hostRoutes(), bridge)
  taken.push({ range: serviceRange, by: "the Services' range" })
  // A node that had its range before clouds had one keeps it.
  const answer = chooseRange({
    name: table,
    wanted,
    kept: own === undefined ? undefined : around(own),
    taken,
    bits: CLOUD_BITS,
  })
  if ('problem' in answer)
    throw new RuntimeError(answer.problem, './brume up --pod-range 10.77.0.0/16   (a free one)')
  writeFileSync(`${path}.new`, `${JSON.stringify({ podRange: answer.range })}\n`, { mode: 0o600 })
  renameSync(`${path}.new`, path)
  return answer.range
}

function around(range: string): string | undefined {
  const parsed = parseRangeOf(4, range)
  if (parsed === undefined) return undefined
  return range.replace(/\.\d+\.\d+\/\d+$/, `.0.0/${CLOUD_BITS}`)
}
