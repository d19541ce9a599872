// How many requests may be worked on at once. Beyond it clients are told to come back (429 with Retry-After), so that
// a burst costs time and not memory. Administrators (system:masters) are never shut out.

export interface InFlightLimits {
  readOnly: number
  mutating: number
}

/** Kubernetes' --max-requests-inflight and --max-mutating-requests-inflight. */
export const DEFAULT_IN_FLIGHT: InFlightLimits = { readOnly: 400, mutating: 200 }

export class InFlight {
  readonly #limits: InFlightLimits
  readOnly = 0
  mutating = 0

  constructor(limits: InFlightLimits = DEFAULT_IN_FLIGHT) {
    this.#limits = limits
  }

  /** undefined: full. Else call the result when the request is done. Who is exempt takes no place either. */
  enter({ mutating, exempt }: { mutating: boolean; exempt: boolean }): (() => void) | undefined {
    if (exempt) return () => {}
    const kind = mutating ? 'mutating' : 'readOnly'
    if (this[kind] >= this.#limits[kind]) return undefined
    this[kind]++
    let held = true
    return () => {
      if (!held) return
      held = false
      this[kind]--
    }
  }
}
