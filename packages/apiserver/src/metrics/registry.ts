// Counters, gauges and histograms in the Prometheus text format. Small on purpose: labels are a fixed list a metric.

export interface Metric {
  name: string
  render(): string
}

export class MetricsRegistry {
  readonly #metrics: Metric[] = []

  add<M extends Metric>(metric: M): M {
    this.#metrics.push(metric)
    return metric
  }

  render(): string {
    return this.#metrics.map((metric) => metric.render()).join('')
  }
}

interface MetricOptions {
  name: string
  help: string
  labels?: readonly string[]
}

/** More label combinations than this are counted under `other`: a client must not grow the server's memory. */
const MAX_SERIES = 5_000

abstract class Series<T> {
  readonly name: string
  protected readonly help: string
  protected readonly labels: readonly string[]
  protected readonly series = new Map<string, T>()

  constructor({ name, help, labels = [] }: MetricOptions) {
    this.name = name
    this.help = help
    this.labels = labels
  }

  protected key(values: readonly string[]): string {
    const key = values.join('\u0000')
    if (this.series.has(key) || this.series.size < MAX_SERIES) return key
    return this.labels.map(() => 'other').join('\u0000')
  }

  protected head(type: string): string {
    return `# HELP ${this.name} ${this.help}\n# TYPE ${this.name} ${type}\n`
  }

  protected labelText(key: string, extra = ''): string {
    const values = key.split('\u0000')
    const parts = this.labels.map((label, i) => `${label}="${escapeLabel(values[i] ?? '')}"`)
    if (extra !== '') parts.push(extra)
    return parts.length === 0 ? '' : `{${parts.join(',')}}`
  }
}

const escapeLabel = (text: string) => text.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n')

export class Counter extends Series<number> implements Metric {
  add(values: readonly string[] = [], by = 1): void {
    const key = this.key(values)
    this.series.set(key, (this.series.get(key) ?? 0) + by)
  }

  render(): string {
    let text = this.head('counter')
    for (const [key, value] of this.series) text += `${this.name}${this.labelText(key)} ${value}\n`
    return text
  }
}

/** Read when rendered. */
export class Gauge extends Series<never> implements Metric {
  readonly #read: () => Iterable<readonly [readonly string[], number]>

  constructor(options: MetricOptions & { read: () => Iterable<readonly [readonly string[], number]> }) {
    super(options)
    this.#read = options.read
  }

  render(): string {
    let text = this.head('gauge')
    for (const [values, value] of this.#read()) {
      text += `${this.name}${this.labelText(values.join('\u0000'))} ${value}\n`
    }
    return text
  }
}

interface Buckets {
  counts: number[]
  sum: number
  count: number
}

export class Histogram extends Series<Buckets> implements Metric {
  readonly #bounds: readonly number[]

  constructor(options: MetricOptions & { buckets: readonly number[] }) {
    super(options)
    this.#bounds = options.buckets
  }

  observe(values: readonly string[], value: number): void {
    const key = this.key(values)
    let series = this.series.get(key)
    if (series === undefined) {
      series = { counts: new Array<number>(this.#bounds.length).fill(0), sum: 0, count: 0 }
      this.series.set(key, series)
    }
    series.sum += value
    series.count++
    const at = this.#bounds.findIndex((bound) => value <= bound)
    if (at >= 0) series.counts[at]!++
  }

  render(): string {
    let text = this.head('histogram')
    for (const [key, { counts, sum, count }] of this.series) {
      let total = 0
      for (const [i, bound] of this.#bounds.entries()) {
        total += counts[i]!
        text += `${this.name}_bucket${this.labelText(key, `le="${bound}"`)} ${total}\n`
      }
      text += `${this.name}_bucket${this.labelText(key, 'le="+Inf"')} ${count}\n`
      text += `${this.name}_sum${this.labelText(key)} ${sum}\n${this.name}_count${this.labelText(key)} ${count}\n`
    }
    return text
  }
}
