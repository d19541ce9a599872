// What the client and controllers report; names as Kubernetes' components use them.

export type MetricLabels = Readonly<Record<string, string>>

export interface Metrics {
  /** Counter. */
  add(name: string, by: number, labels: MetricLabels): void
  /** Gauge. */
  set(name: string, value: number, labels: MetricLabels): void
  /** Histogram; durations in seconds. */
  observe(name: string, value: number, labels: MetricLabels): void
}

export const noMetrics: Metrics = { add() {}, set() {}, observe() {} }
