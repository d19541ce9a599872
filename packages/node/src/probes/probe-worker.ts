// Looks at one container for one of its probes, for as long as it runs.

import type { Clock, Timer } from '@brume/base/clock'
import type { ProbeKind } from '../contract.ts'
import type { ProbeSpec } from './check.ts'
import type { Outcome } from './outcome.ts'
import { firstVerdict, nextVerdict, type Verdict } from './verdict.ts'

export interface ProbeWorkerOptions {
  kind: ProbeKind
  probe: ProbeSpec
  startedAtMs: number
  clock: Clock
  /** What was known of this very container before this process began. */
  known: boolean | undefined
  look(): Promise<Outcome>
  /** `counts` is false for the additional looks at a container that has just started. */
  onOutcome(outcome: Outcome, counts: boolean): void
  /** The verdict has turned. */
  onTurn(): void
}

/**
 * A container that has just started is looked at more often than its period says until it is there, so that it is ready
 * as soon as it is. In this first period only success counts: nobody is told that what is starting has not started yet.
 * Not for commands: they cost the machine too much.
 */
const EAGER_MS = [100, 200, 400, 800, 1600, 3200]

export class ProbeWorker {
  readonly #options: ProbeWorkerOptions
  #verdict: Verdict
  #timer: Timer | undefined
  #eager = 0
  #isBegun = false
  #stopped = false

  constructor(options: ProbeWorkerOptions) {
    this.#options = options
    const { kind, known } = options
    this.#verdict = firstVerdict(known, kind === 'startup' && known === true)
    if (options.probe.exec !== undefined || kind === 'liveness') this.#eager = EAGER_MS.length
  }

  get value(): boolean | undefined {
    return this.#verdict.value
  }

  /** Begins to look, when the initial delay is over. Beginning again does nothing. */
  begin(): void {
    if (this.#isBegun || this.#stopped || this.#verdict.isFinal) return
    this.#isBegun = true
    const { clock, startedAtMs, probe } = this.#options
    const initialMs = (probe.initialDelaySeconds ?? 0) * 1000
    const leftMs = startedAtMs + initialMs - clock.now()
    // Nobody waits longer because the clock was set.
    const delayMs = Math.min(Math.max(leftMs, 0), initialMs)
    const isEager = this.#eager < EAGER_MS.length && this.#verdict.value !== true
    this.#lookAfter(delayMs, isEager ? performance.now() + delayMs : undefined)
  }

  stop(): void {
    this.#stopped = true
    this.#timer?.cancel()
  }

  /** `within`: an additional look, in the period that began then. */
  #lookAfter(delayMs: number, within?: number): void {
    this.#timer = this.#options.clock.after(delayMs, () => void this.#look(within))
  }

  async #look(within: number | undefined): Promise<void> {
    const periodStart = within ?? performance.now()
    const outcome = await this.#options.look()
    if (this.#stopped) return
    this.#take(outcome, within === undefined)
    if (this.#verdict.isFinal) return
    const leftMs = Math.max(0, periodStart + this.#periodMs - performance.now())
    const eagerMs = this.#verdict.value === true ? undefined : EAGER_MS[this.#eager++]
    if (eagerMs === undefined || eagerMs >= leftMs) this.#lookAfter(leftMs)
    else this.#lookAfter(eagerMs, periodStart)
  }

  #take(outcome: Outcome, counts: boolean): void {
    const { kind, probe, onOutcome, onTurn } = this.#options
    onOutcome(outcome, counts)
    const passed = outcome.result === 'success' || outcome.result === 'warning'
    if (outcome.result === 'error' || (!counts && !passed)) return
    const before = this.#verdict.value
    const thresholds = { success: probe.successThreshold ?? 1, failure: probe.failureThreshold ?? 3 }
    this.#verdict = nextVerdict(this.#verdict, passed, { kind, thresholds })
    if (this.#verdict.value !== before) onTurn()
  }

  get #periodMs(): number {
    return (this.#options.probe.periodSeconds ?? 10) * 1000
  }
}
