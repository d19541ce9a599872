// Rows of text as a table for people.

const GAP = '  '

/** A line for each row; the last column is as wide as it is. */
export function textTable(rows: readonly (readonly string[])[]): string {
  const columns = Math.max(0, ...rows.map((row) => row.length))
  const widths = Array.from({ length: columns - 1 }, (_, i) =>
    Math.max(...rows.map((row) => (row[i] ?? '').length)),
  )
  return rows.map((row) => `${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(GAP)}\n`).join('')
}
