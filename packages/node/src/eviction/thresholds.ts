// From when on a node runs short, as the person who starts it may say: the kubelet's flags and their forms (Kubernetes'
// documentation, "Node-pressure Eviction"). Pure.

import { goDurationMs } from '@brume/base/go-duration'
import { parseQuantity, quantityValue } from '@brume/base/quantity'
import { HARD_THRESHOLDS, isSignal, SIGNALS, type Signal, type Threshold } from './signals.ts'

/** As typed; absent: not given. */
export interface EvictionFlags {
  /** `memory.available<200Mi,nodefs.available<10%`; signals that are not named keep our own. */
  hard?: string | undefined
  /** The same, for what may be missing for a while. */
  soft?: string | undefined
  /** `memory.available=1m30s,...`: one for each soft signal. */
  softGracePeriod?: string | undefined
  /** Seconds that a pod has at most when a soft threshold ends it. */
  maxPodGracePeriod?: string | undefined
}

export interface EvictionSettings {
  thresholds: readonly Threshold[]
  maxPodGraceSeconds: number
}

/** The flags as text is typed. */
export const EVICTION_FLAGS = {
  hard: '--eviction-hard',
  soft: '--eviction-soft',
  softGracePeriod: '--eviction-soft-grace-period',
  maxPodGracePeriod: '--eviction-max-pod-grace-period',
} as const satisfies Record<keyof EvictionFlags, string>

export class ThresholdError extends Error {
  override name = 'ThresholdError'
  /** The flag with a value that is right. */
  readonly example: string

  constructor(message: string, example: string) {
    super(message)
    this.example = example
  }
}

const DEFAULT_MAX_POD_GRACE_SECONDS = 30
const EXAMPLES: Readonly<Record<keyof EvictionFlags, string>> = {
  hard: `${EVICTION_FLAGS.hard} 'memory.available<200Mi,nodefs.available<10%'`,
  soft: `${EVICTION_FLAGS.soft} 'memory.available<500Mi' ${EVICTION_FLAGS.softGracePeriod} memory.available=1m30s`,
  softGracePeriod: `${EVICTION_FLAGS.softGracePeriod} memory.available=1m30s`,
  maxPodGracePeriod: `${EVICTION_FLAGS.maxPodGracePeriod} 30`,
}

/** Throws ThresholdError. */
export function evictionSettings(flags: EvictionFlags): EvictionSettings {
  const hard = parseThresholds(flags, 'hard')
  const soft = parseThresholds(flags, 'soft')
  const graces = parseGraces(flags)
  for (const signal of soft.keys()) {
    if (graces.has(signal)) continue
    throw wrong('soft', `${signal} has no grace period (${EVICTION_FLAGS.softGracePeriod})`)
  }
  for (const signal of graces.keys()) {
    if (!soft.has(signal))
      throw wrong('softGracePeriod', `${signal} has no threshold (${EVICTION_FLAGS.soft})`)
  }
  const thresholds = HARD_THRESHOLDS.map((usual) => ({
    ...usual,
    least: hard.get(usual.signal) ?? usual.least,
  }))
  const waiting = [...soft].map(([signal, least]) => ({ signal, least, graceMs: graces.get(signal)! }))
  return { thresholds: [...thresholds, ...waiting], maxPodGraceSeconds: maxPodGraceOf(flags) }
}

/** What of the machine is never for pods, for hard thresholds end them before it is used. */
export function keptFree(
  thresholds: readonly Threshold[],
  capacity: { memoryBytes: number; diskBytes: number },
): { memoryBytes: number; diskBytes: number } {
  const of = (signal: Signal, all: number) => {
    const least = thresholds.find((one) => one.signal === signal && one.graceMs === undefined)?.least
    if (least === undefined) return 0
    return 'amount' in least ? least.amount : Math.ceil(least.share * all)
  }
  return {
    memoryBytes: of('memory.available', capacity.memoryBytes),
    diskBytes: of('nodefs.available', capacity.diskBytes),
  }
}

function parseThresholds(flags: EvictionFlags, flag: 'hard' | 'soft'): Map<Signal, Threshold['least']> {
  const found = new Map<Signal, Threshold['least']>()
  for (const [signal, text] of parts(flags, flag, '<')) found.set(signal, leastOf(flag, signal, text))
  return found
}

function leastOf(flag: 'hard' | 'soft', signal: Signal, text: string): Threshold['least'] {
  if (text.endsWith('%')) {
    const percent = /^\d+(\.\d+)?%$/.test(text) ? Number(text.slice(0, -1)) : Number.NaN
    if (percent >= 0 && percent < 100) return { share: percent / 100 }
    throw wrong(flag, `${signal}<${text}: a share is from 0% to less than 100%`)
  }
  if (parseQuantity(text) === undefined || quantityValue(text) < 0)
    throw wrong(
      flag,
      `${signal}<${text}: "${text}" is neither an amount such as 200Mi nor a share such as 10%`,
    )
  return { amount: quantityValue(text) }
}

function parseGraces(flags: EvictionFlags): Map<Signal, number> {
  const found = new Map<Signal, number>()
  for (const [signal, text] of parts(flags, 'softGracePeriod', '=')) {
    const ms = goDurationMs(text)
    if (ms === undefined || ms <= 0)
      throw wrong('softGracePeriod', `${signal}=${text}: "${text}" is no time such as 30s or 1m30s`)
    found.set(signal, ms)
  }
  return found
}

function* parts(
  flags: EvictionFlags,
  flag: 'hard' | 'soft' | 'softGracePeriod',
  separator: '<' | '=',
): Generator<[Signal, string]> {
  const text = flags[flag]
  if (text === undefined) return
  const seen = new Set<string>()
  for (const part of text.split(',').map((one) => one.trim())) {
    const at = part.indexOf(separator)
    if (at < 1 || at === part.length - 1) throw wrong(flag, `"${part}" is not SIGNAL${separator}VALUE`)
    const signal = part.slice(0, at).trim()
    if (!isSignal(signal)) throw wrong(flag, `there is no signal ${signal}; there are ${SIGNALS.join(', ')}`)
    if (seen.has(signal)) throw wrong(flag, `${signal} is there twice`)
    seen.add(signal)
    yield [signal, part.slice(at + 1).trim()]
  }
}

function maxPodGraceOf({ maxPodGracePeriod: text }: EvictionFlags): number {
  if (text === undefined) return DEFAULT_MAX_POD_GRACE_SECONDS
  if (/^\d{1,6}$/.test(text)) return Number(text)
  throw wrong('maxPodGracePeriod', `"${text}" is no whole number of seconds`)
}

function wrong(flag: keyof EvictionFlags, problem: string): ThresholdError {
  return new ThresholdError(`${EVICTION_FLAGS[flag]}: ${problem}`, EXAMPLES[flag])
}
