// Runs the built-in controllers against an API server, in this process or another.

import { type RunningControllers, type StartOptions, startInPhases } from './phases.ts'
import { allControllers } from './registry.ts'

/** All at once. */
export function startControllers(options: StartOptions): RunningControllers {
  return startInPhases(options, { first: allControllers })
}
