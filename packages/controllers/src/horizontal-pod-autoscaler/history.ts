// What an autoscaler remembers between its rounds: what it recommended, and by how much it changed the scale.

export interface Recommendation {
  replicas: number
  atMs: number
}

export interface ScaleEvent {
  /** Absolute. */
  change: number
  atMs: number
}

export interface History {
  recommendations: readonly Recommendation[]
  ups: readonly ScaleEvent[]
  downs: readonly ScaleEvent[]
}

export interface ScalingPolicy {
  type: 'Pods' | 'Percent'
  value: number
  periodSeconds: number
}

/** Defaulted by the API. */
export interface ScalingRules {
  stabilizationWindowSeconds?: number
  selectPolicy?: 'Max' | 'Min' | 'Disabled'
  policies?: readonly ScalingPolicy[]
}

/** The first recommendation is what was there: a restart never scales down at once. */
export function newHistory(replicas: number, atMs: number): History {
  return { recommendations: [{ replicas, atMs }], ups: [], downs: [] }
}

/** With the new recommendation, without those that no window reaches any more. */
export function recommended(
  history: History,
  replicas: number,
  keep: { sinceMs: number; now: number },
): History {
  const recent = history.recommendations.filter(({ atMs }) => atMs >= keep.sinceMs)
  return { ...history, recommendations: [...recent, { replicas, atMs: keep.now }] }
}

export function rescaled(
  history: History,
  { from, to, now }: { from: number; to: number; now: number },
  rules: Record<'up' | 'down', ScalingRules>,
): History {
  const add = (events: readonly ScaleEvent[], { policies = [] }: ScalingRules) => {
    const longestMs = 1000 * Math.max(0, ...policies.map(({ periodSeconds }) => periodSeconds))
    return [
      ...events.filter(({ atMs }) => atMs >= now - longestMs),
      { change: Math.abs(to - from), atMs: now },
    ]
  }
  return to > from
    ? { ...history, ups: add(history.ups, rules.up) }
    : { ...history, downs: add(history.downs, rules.down) }
}

export function changedWithin(events: readonly ScaleEvent[], periodSeconds: number, now: number): number {
  return events
    .filter(({ atMs }) => atMs > now - periodSeconds * 1000)
    .reduce((total, { change }) => total + change, 0)
}
