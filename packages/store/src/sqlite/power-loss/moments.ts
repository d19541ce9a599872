// When the power fails: anywhere in a recording, and as often at the moments that matter.

import { assert } from '@brume/base/assert'
import type { SeededRandom } from '@brume/base/seeded-random'
import type { Call, Step } from './trace.ts'

/** A moment is after a step. "Soon": within so many steps. */
const SOON = 30

const MATTERS: Readonly<Record<string, (call: Call) => boolean>> = {
  anywhere: () => true,
  'in an fsync': ({ name }) => name === 'sync',
  'in a checkpoint': ({ name, path }) => name === 'write' && path.endsWith('.db'),
  'when the log begins anew': (call) => call.name === 'write' && call.path.endsWith('-wal') && call.at === 0,
  'when names change': ({ name }) => name === 'rename' || name === 'unlink' || name === 'mkdir',
}

/**
 * Indices of steps, in order. `starts`: those at which a process has said that it can be read. Throws when something
 * that matters does not occur.
 */
export function powerLosses(options: {
  steps: readonly Step[]
  starts: readonly number[]
  count: number
  random: SeededRandom
}): number[] {
  const { steps, starts, count, random } = options
  const kinds = Object.entries(MATTERS).map(([kind, matters]) => {
    const at = steps.flatMap((step, index) => ('begin' in step && matters(step.begin) ? [index] : []))
    assert(at.length > 0, `the recording has a moment ${kind}`)
    return at
  })
  const moments = Array.from({ length: count }, () => {
    const isStart = random.chance(1 / (kinds.length + 1))
    const from = isStart
      ? random.pick(starts) + random.below(SOON)
      : random.pick(random.pick(kinds)) + random.below(2)
    return Math.min(from, steps.length - 1)
  })
  return moments.sort((a, b) => a - b)
}
