// From what the metrics ask for to what is done: steadied over a time, bounded, and not too fast.

import { changedWithin, type History, recommended, type ScalingRules } from './history.ts'

export interface Bounds {
  current: number
  min: number
  max: number
}

export interface Behavior {
  scaleUp: ScalingRules
  scaleDown: ScalingRules
}

interface Said {
  reason: string
  message: string
}

export interface Limited {
  replicas: number
  able: Said
  limited: Said & { isLimited: boolean }
  history: History
}

/** Before there may be fewer pods, unless the object says otherwise. */
export const DOWNSCALE_WINDOW_SECONDS = 300
const SCALE_UP_FACTOR = 2
const SCALE_UP_LEAST = 4

const READY: Said = { reason: 'ReadyForNewScale', message: 'recommended size matches current size' }
const WERE_HIGHER: Said = {
  reason: 'ScaleDownStabilized',
  message: 'recent recommendations were higher than current one, applying the highest recent recommendation',
}
const WERE_LOWER: Said = {
  reason: 'ScaleUpStabilized',
  message: 'recent recommendations were lower than current one, applying the lowest recent recommendation',
}
const WITHIN: Said = {
  reason: 'DesiredWithinRange',
  message: 'the desired count is within the acceptable range',
}
const TOO_MANY: Said = {
  reason: 'TooManyReplicas',
  message: 'the desired replica count is more than the maximum replica count',
}
const TOO_FEW: Said = {
  reason: 'TooFewReplicas',
  message: 'the desired replica count is less than the minimum replica count',
}
const TOO_FAST: Said = {
  reason: 'ScaleUpLimit',
  message: 'the desired replica count is increasing faster than the maximum scale rate',
}
const DOWN_TOO_FAST: Said = {
  reason: 'ScaleDownLimit',
  message: 'the desired replica count is decreasing faster than the maximum scale rate',
}

export function limit(
  desired: number,
  bounds: Bounds,
  { behavior, history, now }: { behavior: Behavior | undefined; history: History; now: number },
): Limited {
  const steadied =
    behavior === undefined
      ? steadyDown(desired, history, now)
      : steady(desired, bounds.current, { behavior, history, now })
  const { replicas, said } =
    behavior === undefined
      ? withinBounds(steadied.replicas, bounds)
      : withinRate(steadied.replicas, bounds, { behavior, history, now })
  return {
    replicas,
    able: steadied.said,
    limited: { ...said, isLimited: replicas !== steadied.replicas },
    history: steadied.history,
  }
}

/** The highest recommendation of the last minutes. */
function steadyDown(desired: number, history: History, now: number) {
  const sinceMs = now - DOWNSCALE_WINDOW_SECONDS * 1000
  const next = recommended(history, desired, { sinceMs, now })
  const replicas = Math.max(...next.recommendations.map((each) => each.replicas))
  return { replicas, said: replicas === desired ? READY : WERE_HIGHER, history: next }
}

/** Each direction has its own window. */
function steady(
  desired: number,
  current: number,
  { behavior, history, now }: { behavior: Behavior; history: History; now: number },
) {
  const upSince = now - 1000 * (behavior.scaleUp.stabilizationWindowSeconds ?? 0)
  const downSince = now - 1000 * (behavior.scaleDown.stabilizationWindowSeconds ?? DOWNSCALE_WINDOW_SECONDS)
  let [lowest, highest] = [desired, desired]
  for (const { replicas, atMs } of history.recommendations) {
    if (atMs > upSince) lowest = Math.min(lowest, replicas)
    if (atMs > downSince) highest = Math.max(highest, replicas)
  }
  const replicas = Math.min(Math.max(current, lowest), highest)
  const why = desired >= current ? WERE_LOWER : WERE_HIGHER
  const sinceMs = Math.min(upSince, downSince)
  return {
    replicas,
    said: replicas === desired ? READY : why,
    history: recommended(history, desired, { sinceMs, now }),
  }
}

/** Without rules of its own, an object at most doubles (or gets four). */
function withinBounds(desired: number, { current, min, max }: Bounds): { replicas: number; said: Said } {
  const fastest = Math.max(SCALE_UP_FACTOR * current, SCALE_UP_LEAST)
  const most = Math.min(max, fastest)
  if (desired < min) return { replicas: min, said: TOO_FEW }
  if (desired > most) return { replicas: most, said: max > fastest ? TOO_FAST : TOO_MANY }
  return { replicas: desired, said: WITHIN }
}

function withinRate(
  desired: number,
  { current, min, max }: Bounds,
  { behavior, history, now }: { behavior: Behavior; history: History; now: number },
): { replicas: number; said: Said } {
  if (desired > current) {
    const rate = Math.max(current, rateLimit(current, behavior.scaleUp, { history, now, sign: 1 }))
    const most = Math.min(max, rate)
    if (desired > most) return { replicas: most, said: max > rate ? TOO_FAST : TOO_MANY }
  } else if (desired < current) {
    const rate = Math.min(current, rateLimit(current, behavior.scaleDown, { history, now, sign: -1 }))
    const least = Math.max(min, rate)
    if (desired < least) return { replicas: least, said: min < rate ? DOWN_TOO_FAST : TOO_FEW }
  }
  return { replicas: desired, said: WITHIN }
}

/** Where the policies allow to go now: each counts from what was there when its period began. */
function rateLimit(
  current: number,
  { selectPolicy = 'Max', policies = [] }: ScalingRules,
  { history, now, sign }: { history: History; now: number; sign: 1 | -1 },
): number {
  if (selectPolicy === 'Disabled') return current
  const allowed = policies.map(({ type, value, periodSeconds }) => {
    const added = changedWithin(history.ups, periodSeconds, now)
    const removed = changedWithin(history.downs, periodSeconds, now)
    const before = current - added + removed
    if (type === 'Pods') return before + sign * value
    const part = before * (1 + (sign * value) / 100)
    return sign > 0 ? Math.ceil(part) : Math.trunc(part)
  })
  if (allowed.length === 0) return current
  // `Max` is the largest change, whichever way.
  return (selectPolicy === 'Min') === sign > 0 ? Math.min(...allowed) : Math.max(...allowed)
}
