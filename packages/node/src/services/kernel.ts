// The nft table of Services: what changes together is one transaction; after one that failed nothing is known of the
// kernel, and the table is written whole.

import type { Logger } from '@brume/base/log'
import { RunError, run } from '@brume/machine/run'
import type { Family } from '../network/family.ts'
import {
  BACKENDS,
  chainName,
  type DrawsAt,
  drawOf,
  type Elements,
  type MapName,
  rememberedSeconds,
} from './elements.ts'
import { touchedUdp } from './flows.ts'
import { Owners } from './owners.ts'
import {
  forgetScript,
  holdsIn,
  losesRemembered,
  parseRemembered,
  type Remembered,
  rememberAgain,
} from './remembered.ts'
import {
  changeScript,
  drawScript,
  REMEMBERED,
  rememberScript,
  type TableOptions,
  tableScript,
  USUAL_SECONDS,
} from './table.ts'

export interface ServiceChange {
  /** namespace/name. */
  service: string
  /** Empty: the Service is gone. */
  elements: Elements
}

const USUAL_BACKENDS = 16
const DRAWS = Object.keys(BACKENDS) as DrawsAt[]
const NFT_LIMIT_MS = 60_000

export class KernelServices {
  readonly #options: TableOptions
  readonly #family: Family
  readonly #logger: Logger
  readonly #owners = new Owners()
  readonly #draws = new Set<string>(usualDraws())
  readonly #seconds = new Set<number>([USUAL_SECONDS])
  #isWhole = true
  /** Clients may be remembered of backends that are gone. */
  #isStale = false

  /** Frontends of UDP whose rules are to change, or have changed since somebody was told. */
  readonly #udp = new Set<string>()
  readonly #onUdp: (frontends: readonly string[]) => void

  /** `onUdp`: the kernel's rules of these frontends are new. */
  constructor(
    options: TableOptions,
    logger: Logger,
    onUdp: (frontends: readonly string[]) => void = () => {},
  ) {
    this.#options = options
    this.#family = options.family ?? 'ip'
    this.#logger = logger
    this.#onUdp = onUdp
  }

  /** What the kernel is to have for the key; undefined: nothing. */
  value(map: MapName, key: string): string | undefined {
    return this.#owners.value(map, key)
  }

  /** Whether there is anything to do but changes. */
  get isUnknown(): boolean {
    return this.#isWhole || this.#isStale
  }

  /** The next `apply` writes all. */
  distrust(): void {
    this.#isWhole = true
  }

  /** Throws RunError; then the next one, with whatever changes, makes up for it. */
  async apply(changes: readonly ServiceChange[]): Promise<void> {
    const { table } = this.#options
    const lines: string[] = []
    for (const { service, elements } of changes) {
      const { before, after, conflicts } = this.#owners.update(service, elements)
      lines.push(...this.#newTimes(after), ...changeScript(table, before, after, this.#family))
      this.#isWhole ||= verdictsOf(after).some((verdict) => !this.#draws.has(verdict))
      this.#isStale ||= losesRemembered(before, after)
      for (const frontend of touchedUdp(before, after)) this.#udp.add(frontend)
      for (const key of conflicts) {
        this.#logger.warn('two Services want the same address and port; the first one has it', {
          service,
          key,
        })
      }
    }
    const script = this.#isWhole ? await this.#wholeScript() : lines
    if (script.length > 0) {
      const wasWhole = this.#isWhole
      // If it fails, nothing is known of what the kernel has.
      this.#isWhole = true
      await this.#nft(script)
      this.#isWhole = false
      if (wasWhole) this.#isStale = false
    }
    if (this.#isStale) await this.#forgetStale()
    if (this.#udp.size > 0) this.#onUdp([...this.#udp])
    this.#udp.clear()
  }

  async #wholeScript(): Promise<string[]> {
    const { table } = this.#options
    const all = this.#owners.all()
    // nft 1.0.6 takes a rule with such a map only together with the map: a number that is new means a new table.
    for (const verdict of verdictsOf(all)) this.#draws.add(verdict)
    this.#newTimes(all)
    // While the rules were not there, flows may have begun without them.
    for (const frontend of touchedUdp(new Map(), all)) this.#udp.add(frontend)
    const holds = holdsIn((map, key) => this.value(map, key))
    const remembered = await this.#remembered()
    return [
      ...tableScript(this.#options),
      ...[...this.#draws].flatMap((verdict) => drawScript(table, drawOf(verdict)!, this.#family)),
      ...[...(this.#family === 'ip' ? this.#seconds : [])].flatMap((seconds) =>
        rememberScript(table, seconds),
      ),
      ...changeScript(table, new Map(), all, this.#family),
      ...rememberAgain(table, remembered.filter(holds)),
    ]
  }

  /** Chains for times that no Service had before. */
  #newTimes(elements: Elements): string[] {
    const verdicts = [elements.get('sticky'), elements.get('sticky-ports')].flatMap((map) => [
      ...(map?.values() ?? []),
    ])
    const fresh = new Set(verdicts.flatMap((verdict) => rememberedSeconds(verdict) ?? []))
    const unknown = [...fresh].filter((seconds) => !this.#seconds.has(seconds))
    for (const seconds of unknown) this.#seconds.add(seconds)
    return unknown.flatMap((seconds) => rememberScript(this.#options.table, seconds))
  }

  async #forgetStale(): Promise<void> {
    const holds = holdsIn((map, key) => this.value(map, key))
    const stale = (await this.#remembered()).filter((one) => !holds(one))
    await this.#nft(forgetScript(this.#options.table, stale))
    this.#isStale = false
  }

  async #remembered(): Promise<Remembered[]> {
    if (this.#family !== 'ip') return []
    try {
      const argv = ['nft', '-j', 'list', 'map', 'ip', this.#options.table, REMEMBERED]
      return parseRemembered((await run(argv, { timeoutMs: NFT_LIMIT_MS })).stdout)
    } catch (error) {
      // No such table: then nobody is remembered.
      if (error instanceof RunError && error.stderr.includes('No such file')) return []
      throw error
    }
  }

  async #nft(lines: readonly string[]): Promise<void> {
    if (lines.length === 0) return
    await run(['nft', '-f', '-'], { input: `${lines.join('\n')}\n`, timeoutMs: NFT_LIMIT_MS })
  }
}

/** Numbers of backends that are so common that their chains are always there. */
function usualDraws(): string[] {
  const counts = Array.from({ length: USUAL_BACKENDS }, (_, i) => i + 1)
  return DRAWS.flatMap((at) => counts.map((count) => `goto ${chainName({ at, draw: 'random', count })}`))
}

function verdictsOf(elements: Elements): string[] {
  return [...new Set(DRAWS.flatMap((at) => [...(elements.get(at)?.values() ?? [])]))]
}
