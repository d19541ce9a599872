// Random numbers that a seed repeats exactly: for fuzz tests and simulations, never for anything secret.

export interface SeededRandom {
  /** Uniform in [0, 1). */
  next(): number
  /** Uniform integer in [0, below). */
  below(below: number): number
  /** True this often: `probability` is in [0, 1]. */
  chance(probability: number): boolean
  /** One of a non-empty list. */
  pick<T>(items: readonly T[]): T
}

/** Mulberry32: small, fast, good enough to find bugs with. */
export function seededRandom(seed: number): SeededRandom {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (limit: number) => Math.floor(next() * limit)
  return {
    next,
    below,
    chance: (probability) => next() < probability,
    pick: (items) => items[below(items.length)]!,
  }
}

/** A copy of `bytes` with a few bytes changed, removed, doubled or inserted. */
export function mutateBytes(bytes: Buffer, random: SeededRandom): Buffer {
  let result = Buffer.from(bytes)
  for (let edits = 1 + random.below(4); edits > 0 && result.length > 0; edits--) {
    const at = random.below(result.length)
    const to = Math.min(result.length, at + 1 + random.below(16))
    const edit = random.below(4)
    if (edit === 0) result[at] = random.below(256)
    else if (edit === 1) result = Buffer.concat([result.subarray(0, at), result.subarray(to)])
    else if (edit === 2) result = Buffer.concat([result.subarray(0, to), result.subarray(at)])
    else
      result = Buffer.concat([result.subarray(0, at), Buffer.from([random.below(256)]), result.subarray(at)])
  }
  return result
}
