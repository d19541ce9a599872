// Seeded random values: a failing seed reproduces.

export interface Random {
  /** 0 <= n < below */
  below(limit: number): number
  chance(probability: number): boolean
  pick<T>(values: readonly T[]): T
}

/** mulberry32 */
export function seeded(seed: number): Random {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
  return {
    below: (limit) => Math.floor(next() * limit),
    chance: (probability) => next() < probability,
    pick: (values) => values[Math.floor(next() * values.length)]!,
  }
}

const NAMES = ['a', 'b', 'c', 'd']

/** A widget whose values are few enough that two of them share many. */
// biome-ignore lint/suspicious/noExplicitAny: the fields of a kind are data
export function randomSpec(random: Random): any {
  // biome-ignore lint/suspicious/noExplicitAny: the fields of a kind are data
  const spec: any = {}
  const some = <T>(make: () => T): T[] => NAMES.filter(() => random.chance(0.4)).map(make)
  const names = () =>
    shuffled(
      random,
      NAMES.filter(() => random.chance(0.5)),
    )
  const notes = () => Object.fromEntries(names().map((name) => [name, random.pick(['x', 'y'])]))
  if (random.chance(0.5)) spec.size = random.below(3)
  if (random.chance(0.5)) spec.colour = random.pick(['red', 'blue'])
  if (random.chance(0.5)) spec.tags = names()
  if (random.chance(0.6)) {
    spec.parts = names().map((name) => ({
      name,
      ...(random.chance(0.5) ? { weight: random.below(3) } : {}),
      ...(random.chance(0.4) ? { notes: notes() } : {}),
    }))
  }
  if (random.chance(0.3)) spec.steps = some(() => random.pick(['s', 't']))
  if (random.chance(0.3)) spec.limits = notes()
  if (random.chance(0.4)) spec.extra = randomJson(random, 3)
  if (random.chance(0.3)) spec.open = { known: 'k', ...notes() }
  if (random.chance(0.3))
    spec.nested = random.chance(0.5) ? {} : { inner: { value: random.pick(['x', 'y']) } }
  return spec
}

export function shuffled<T>(random: Random, values: readonly T[]): T[] {
  const result = [...values]
  for (let i = result.length - 1; i > 0; i--) {
    const j = random.below(i + 1)
    ;[result[i], result[j]] = [result[j]!, result[i]!]
  }
  return result
}

const HOSTILE = [
  '__proto__',
  'constructor',
  'toString',
  '',
  'a/b',
  '~',
  '$patch',
  '0',
  '-',
  'k:{}',
  '.',
  'f:a',
]

export function randomJson(random: Random, depth: number): unknown {
  const kind = random.below(depth > 0 ? 8 : 6)
  if (kind === 0) return null
  if (kind === 1) return random.chance(0.5)
  if (kind === 2) return random.below(5)
  if (kind === 3) return 9007199254740993n
  if (kind < 6) return random.pick([...NAMES, ...HOSTILE])
  if (kind === 6) return Array.from({ length: random.below(4) }, () => randomJson(random, depth - 1))
  const entries = Array.from({ length: random.below(4) }, () => [
    random.pick([...NAMES, ...HOSTILE]),
    randomJson(random, depth - 1),
  ])
  return Object.fromEntries(entries)
}
