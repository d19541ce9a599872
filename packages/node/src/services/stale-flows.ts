// Takes flows of UDP that a change of Services has made stale out of the kernel's connection tracking, and no others: the
// table is read once, and all that leads the same wrong way goes with one command.

import { networkInterfaces } from 'node:os'
import type { Clock, Timer } from '@brume/base/clock'
import type { Logger } from '@brume/base/log'
import { RunError, run } from '@brume/machine/run'
import type { Family } from '../network/family.ts'
import type { ValueFor } from './behind.ts'
import { deletion, parseFlow, staleIn } from './flows.ts'

export interface StaleFlowsOptions {
  valueFor(family: Family): ValueFor
  clock: Clock
  logger: Logger
  /** Default: conntrack. */
  program?: string
}

/** Between two looks: a Service that changes without end costs no more than this. */
const GAP_MS = 1000
/** Of one look, a command each; further ones wait for the next. */
const MAX_DELETIONS = 64
const LIMIT_MS = 30_000

export class StaleFlows {
  readonly #options: StaleFlowsOptions
  readonly #touched = new Map<Family, Set<string>>()
  #timer: Timer | undefined
  #notBefore = 0
  #isMissing = false
  #stopped = false

  constructor(options: StaleFlowsOptions) {
    this.#options = options
  }

  /** The kernel's rules of these (`10.96.0.1 . udp . 53`, `udp . 30053`) are new. Never throws; what fails is tried with the next ones. */
  touch(family: Family, frontends: Iterable<string>): void {
    if (this.#isMissing) return
    const touched = this.#touched.get(family) ?? new Set()
    for (const frontend of frontends) touched.add(frontend)
    if (touched.size > 0) this.#touched.set(family, touched)
    this.#schedule()
  }

  stop(): void {
    this.#stopped = true
    this.#timer?.cancel()
  }

  #schedule(): void {
    if (this.#stopped || this.#timer !== undefined || this.#touched.size === 0) return
    const { clock } = this.#options
    this.#timer = clock.after(Math.max(0, this.#notBefore - clock.now()), () => void this.#look())
  }

  async #look(): Promise<void> {
    const { clock, logger } = this.#options
    const failed = new Map<Family, Set<string>>()
    for (const [family, touched] of [...this.#touched]) {
      this.#touched.delete(family)
      try {
        const all = await this.#remove(family, touched)
        if (!all) this.touch(family, touched)
      } catch (error) {
        if (error instanceof RunError && error.code === 'ENOENT') {
          this.#isMissing = true
          this.#touched.clear()
          logger.warn(
            'conntrack is not installed: clients of UDP that keep their port stay with endpoints that are gone; install it (Debian: conntrack, Alpine: conntrack-tools) and start Brume again',
          )
          return
        }
        failed.set(family, touched)
        logger.warn('flows of UDP may lead to endpoints that are gone', { error: String(error) })
      }
    }
    this.#timer = undefined
    this.#notBefore = clock.now() + GAP_MS
    this.#schedule()
    // Without a look of their own: what fails always would be tried without end.
    for (const [family, touched] of failed)
      this.#touched.set(family, new Set([...touched, ...(this.#touched.get(family) ?? [])]))
  }

  /** Whether that were all. */
  async #remove(family: Family, touched: ReadonlySet<string>): Promise<boolean> {
    const valueFor = this.#options.valueFor(family)
    const isStale = staleIn({ touched, valueFor, addresses: ownAddresses() })
    const deletions = new Map<string, string[]>()
    let isMore = false
    let rest = ''
    const { program = 'conntrack' } = this.#options
    await run([program, '-L', '-p', 'udp', '-f', family === 'ip' ? 'ipv4' : 'ipv6'], {
      timeoutMs: LIMIT_MS,
      onOutput(text, stream) {
        if (stream === 'stderr') return
        const lines = (rest + text).split('\n')
        rest = lines.pop()!
        for (const listed of lines) {
          const flow = parseFlow(listed)
          if (flow === undefined || !isStale(flow)) continue
          const argv = deletion(family, flow)
          const key = argv.join(' ')
          if (deletions.size < MAX_DELETIONS) deletions.set(key, argv)
          else isMore ||= !deletions.has(key)
        }
      },
    })
    for (const argv of deletions.values())
      await run([program, ...argv], { timeoutMs: LIMIT_MS }).catch(ignoreNone)
    return !isMore
  }
}

/** They have ended meanwhile. */
function ignoreNone(error: unknown): void {
  if (!(error instanceof RunError && /\b0 flow entries have been deleted/.test(error.stderr))) throw error
}

function ownAddresses(): Set<string> {
  return new Set(
    Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address)),
  )
}
