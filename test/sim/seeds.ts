// Runs a simulation for many seeds. A seed that fails is named, and BRUME_SEED=N runs it alone.

import { type SeededRandom, seededRandom } from '@brume/base/seeded-random'

/** Of a whole file, so that a hang costs little. */
export const SIM_TIMEOUT_MS = process.env['BRUME_SOAK'] === '1' ? 3 * 3600_000 : 300_000

export interface Seeds {
  /** Seeds that have found something once; always run. */
  found?: readonly number[]
  /** In the everyday run; BRUME_SOAK=1 runs `soak` of them. */
  quick: number
  soak: number
}

/** Throws on the first seed that fails. Resolves with how many have run. */
export async function forSeeds(
  { quick, soak, found = [] }: Seeds,
  simulate: (random: SeededRandom, seed: number) => Promise<void>,
): Promise<number> {
  const chosen = process.env['BRUME_SEED']
  const count = process.env['BRUME_SOAK'] === '1' ? soak : quick
  const first = Array.from({ length: count }, (_, n) => n + 1)
  const seeds = chosen === undefined ? new Set([...found, ...first]) : new Set([Number(chosen)])
  for (const seed of seeds) {
    try {
      await simulate(seededRandom(seed), seed)
    } catch (cause) {
      throw new Error(`seed ${seed} failed; repeat it with BRUME_SEED=${seed}`, { cause })
    }
  }
  return seeds.size
}
