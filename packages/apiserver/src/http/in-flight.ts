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

  /** undefined: full. Else call the result once when the request is done. */
  enter({ mutating, exempt }: { mutating: boolean; exempt: boolean }): (() => void) | undefined {
    const kind = mutating ? 'mutating' : 'readOnly'
    if (!exempt && this[kind] >= this.#limits[kind]) return undefined
    this[kind]++
    return () => {
      this[kind]--
    }
  }
}
