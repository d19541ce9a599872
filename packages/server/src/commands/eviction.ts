// When pods have to go, as the command line says it: judged before anything is touched.

import { EXIT_USAGE, type ParsedCommand } from '@brume/base/command-line'
import {
  type EvictionFlags,
  type EvictionSettings,
  evictionSettings,
  ThresholdError,
} from '@brume/node/eviction/thresholds'
import { UserError } from '../user-error.ts'

/** Throws UserError. */
export function evictionOf(command: 'up' | 'join', values: ParsedCommand['options']): EvictionSettings {
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
