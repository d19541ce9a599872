// Metrics as text, in the Prometheus exposition format 0.0.4.

export type Labels = Readonly<Record<string, string>>

export interface Series {
  labels?: Labels
  value: number
}

export interface Metric {
  name: string
  help: string
  type: 'counter' | 'gauge'
  series: readonly Series[]
}

export const EXPOSITION_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

/** Metrics without series are left out. `atMs`: when all of it was measured. */
export function expositionOf(metrics: readonly Metric[], atMs?: number): string {
  const time = atMs === undefined ? '' : ` ${Math.round(atMs)}`
  let text = ''
  for (const { name, help, type, series } of metrics) {
    if (series.length === 0) continue
    text += `# HELP ${name} ${escaped(help)}\n# TYPE ${name} ${type}\n`
    for (const { labels, value } of series) text += `${name}${labelsText(labels)} ${value}${time}\n`
  }
  return text
}

function labelsText(labels: Labels | undefined): string {
  const pairs = Object.entries(labels ?? {}).map(([name, value]) => `${name}="${escaped(value, true)}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

function escaped(text: string, isLabel = false): string {
  const plain = text.replace(/\\/g, '\\\\').replace(/\n/g, '\\n')
  return isLabel ? plain.replace(/"/g, '\\"') : plain
}
