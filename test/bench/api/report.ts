// The table: goal, measured, ratio to the peer, verdict.

export interface Row {
  what: string
  /** As performance goals are written: `>= 4 x`, `<= 300 ms`. */
  goal: string
  ours: string
  peer: string
  ratio: string
  verdict: 'pass' | 'FAIL' | 'no goal' | 'no peer here'
}

const HEAD = { what: 'what', goal: 'goal', ours: 'brume', peer: 'peer', ratio: 'ratio', verdict: '' }
const COLUMNS = ['what', 'goal', 'ours', 'peer', 'ratio', 'verdict'] as const

export class Report {
  readonly #rows: Row[] = []

  /** A goal relative to the peer: ours / theirs must be at least (`most`: at most) `bound`. */
  relative(row: {
    what: string
    least?: number
    most?: number
    ours: number
    peer: number | undefined
    format: (value: number) => string
  }): void {
    const { what, least, most, ours, peer, format } = row
    const ratio = peer === undefined ? undefined : ours / peer
    this.#rows.push({
      what,
      goal: goalOf(least, most, (bound) => `${Number(bound.toFixed(2))} x`),
      ours: format(ours),
      peer: peer === undefined ? '-' : format(peer),
      ratio: ratio === undefined ? '-' : `${ratio.toFixed(ratio < 1 ? 2 : 1)} x`,
      verdict: ratio === undefined ? 'no peer here' : verdictOf(ratio, least, most),
    })
  }

  /** A goal in its own unit; the peer's figure is for comparison. */
  absolute(row: {
    what: string
    least?: number
    most?: number
    ours: number
    peer?: number | undefined
    format: (value: number) => string
  }): void {
    const { what, least, most, ours, peer, format } = row
    this.#rows.push({
      what,
      goal: goalOf(least, most, format),
      ours: format(ours),
      peer: peer === undefined ? '-' : format(peer),
      ratio: peer === undefined ? '-' : `${(ours / peer).toFixed(2)} x`,
      verdict: verdictOf(ours, least, most),
    })
  }

  print(): void {
    const width = (column: keyof Row) =>
      Math.max(HEAD[column].length, ...this.#rows.map((row) => row[column].length))
    const widths = new Map(COLUMNS.map((column) => [column, width(column)]))
    for (const row of [HEAD, ...this.#rows]) {
      const cells = COLUMNS.map((column) => row[column].padEnd(widths.get(column)!))
      process.stdout.write(`${cells.join('  ').trimEnd()}\n`)
    }
  }
}

function goalOf(
  least: number | undefined,
  most: number | undefined,
  format: (bound: number) => string,
): string {
  if (least !== undefined) return `>= ${format(least)}`
  return most === undefined ? '-' : `<= ${format(most)}`
}

function verdictOf(value: number, least: number | undefined, most: number | undefined): Row['verdict'] {
  if (least === undefined && most === undefined) return 'no goal'
  return value >= (least ?? value) && value <= (most ?? value) ? 'pass' : 'FAIL'
}

const round = (value: number) =>
  value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2)
export const perSecond = (value: number) => `${round(value)}/s`
export const milliseconds = (value: number) => (Number.isFinite(value) ? `${round(value)} ms` : 'watches cut')
export const mebibytes = (value: number) => `${value.toFixed(0)} MiB`
export const percent = (value: number) => `${value.toFixed(1)} %`
