// Which rule HAProxy does not take: found from its own words, or by halves, so that the others are served without it.

import type { Config } from './config.ts'
import { GatewayError } from './process.ts'

/** undefined: it takes the configuration. Else its own words. */
export type Check = (config: Config) => Promise<string | undefined>

/** Refusals are looked into so many times; what is refused then has another reason than rules. */
const MAX_ROUNDS = 50

/**
 * The configuration without the rules that HAProxy refuses. `make` leaves those out that it is given, each with the
 * reason. Throws GatewayError with HAProxy's words when no rule is to blame.
 */
export async function withoutCulprits(
  make: (left: ReadonlyMap<string, string>) => Config,
  check: Check,
  known: ReadonlyMap<string, string> = new Map(),
): Promise<{ config: Config; culprits: Map<string, string> }> {
  const culprits = new Map(known)
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const config = make(culprits)
    const words = await check(config)
    if (words === undefined) return { config, culprits }
    const named = [...namedIn(words, config)].filter(([id]) => !culprits.has(id))
    for (const [id, why] of named) culprits.set(id, why)
    if (named.length > 0) continue
    const found = await byHalves(make, check, { config, culprits, words })
    culprits.set(found, reason(words))
  }
  throw new GatewayError(`HAProxy refuses rule after rule; ${MAX_ROUNDS} are left out by now`)
}

/** Errors name the line. */
function namedIn(words: string, { owners }: Config): Map<string, string> {
  const named = new Map<string, string>()
  for (const line of words.split('\n')) {
    const [, number] = /\[[^\]]*haproxy\.cfg[^\]:]*:(\d+)\]/.exec(line) ?? []
    const owner = number === undefined ? undefined : owners[Number(number) - 1]
    if (owner !== undefined && /ALERT/.test(line) && !named.has(owner)) named.set(owner, reason(line))
  }
  return named
}

async function byHalves(
  make: (left: ReadonlyMap<string, string>) => Config,
  check: Check,
  { config, culprits, words }: { config: Config; culprits: ReadonlyMap<string, string>; words: string },
): Promise<string> {
  const suspects = [...new Set(config.owners)].filter(
    (owner): owner is string => owner !== undefined && !culprits.has(owner),
  )
  const isRefusedWith = async (kept: number) => {
    const others = suspects.slice(kept).map((id) => [id, ''] as const)
    return (await check(make(new Map([...culprits, ...others])))) !== undefined
  }
  if (suspects.length === 0 || (await isRefusedWith(0))) throw new GatewayError(words)
  // Taken with the first `taken` of them, refused with the first `refused`: the last of these is to blame.
  let [taken, refused] = [0, suspects.length]
  while (refused - taken > 1) {
    const middle = Math.floor((taken + refused) / 2)
    if (await isRefusedWith(middle)) refused = middle
    else taken = middle
  }
  return suspects[refused - 1]!
}

function reason(words: string): string {
  const [line = words] = words.split('\n').filter((one) => /ALERT/.test(one))
  const told = line
    .replace(/^\[ALERT\]\s+\(\d+\)\s*:\s*/, '')
    .replace(/^config\s*:\s*/, '')
    .replace(/^parsing \[[^\]]*\]\s*:\s*/, '')
  return `HAProxy does not take it: ${told.trim().slice(0, 300)}`
}
