// When pods have to go, as the command line says it: judged before anything is touched.

import { EXIT_USAGE } from '@brume/base/command-line'
import {
  type EvictionFlags,
  type EvictionSettings,
  evictionSettings,
  ThresholdError,
} from '@brume/node/eviction/thresholds'
import { UserError } from './user-error.ts'

/** Of `up` and `join`, for parseArgs. */
export const EVICTION_OPTIONS = {
  'eviction-hard': { type: 'string' },
  'eviction-soft': { type: 'string' },
  'eviction-soft-grace-period': { type: 'string' },
  'eviction-max-pod-grace-period': { type: 'string' },
} as const

export const EVICTION_HELP = `  --eviction-hard LIST    when pods have to go at once, such as memory.available<200Mi,nodefs.available<10%
  --eviction-soft LIST    the same, for what may be missing for a while
  --eviction-soft-grace-period LIST   for how long: memory.available=1m30s; one for each soft signal
  --eviction-max-pod-grace-period SECONDS   what a pod has at most then, to end (default 30)`

/** Throws UserError. */
export function evictionOf(
  command: 'up' | 'join',
  values: Readonly<Partial<Record<keyof typeof EVICTION_OPTIONS, string>>>,
): EvictionSettings {
  const flags: EvictionFlags = {
    hard: values['eviction-hard'],
    soft: values['eviction-soft'],
    softGracePeriod: values['eviction-soft-grace-period'],
    maxPodGracePeriod: values['eviction-max-pod-grace-period'],
  }
  try {
    return evictionSettings(flags)
  } catch (cause) {
    if (!(cause instanceof ThresholdError)) throw cause
    throw new UserError(cause.message, `./brume ${command} ${cause.example}`, { cause, exitCode: EXIT_USAGE })
  }
}
