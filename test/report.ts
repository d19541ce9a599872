// Turns the events of node:test into one line a file while it runs, and what the summary needs.

import { relative } from 'node:path'
import type { TestsStream } from 'node:test'

export interface Report {
  passed: number
  failed: { name: string; file: string }[]
  skipped: { name: string; reason: string }[]
}

/** Resolves when the run has ended. Failures are printed with their error as they come. */
export async function report(stream: TestsStream, root: string): Promise<Report> {
  const result: Report = { passed: 0, failed: [], skipped: [] }
  stream.on('test:pass', (event) => {
    if (event.skip !== undefined && event.skip !== false) {
      result.skipped.push({
        name: event.name,
        reason: event.skip === true ? 'no reason given' : String(event.skip),
      })
    } else if (event.details.type !== 'suite' && !isFileItself(event)) {
      result.passed++
    }
  })
  stream.on('test:fail', (event) => {
    const { error } = event.details
    // A parent fails because a child did: the child was told.
    if ((error as { failureType?: string }).failureType === 'subtestsFailed') return
    const file = relative(root, event.file ?? '')
    result.failed.push({ name: event.name, file })
    const cause =
      error.cause instanceof Error ? (error.cause.stack ?? error.cause.message) : String(error.cause ?? error)
    process.stdout.write(`\nFAIL ${file}: ${event.name}\n${cause}\n\n`)
  })
  stream.on('test:stderr', ({ message }) => process.stderr.write(message))
  stream.on('test:summary', (event) => {
    if (event.file === undefined) return
    // Tests that another file defines count for the one that was run.
    const { passed, skipped: left } = event.counts
    const seconds = (event.duration_ms / 1000).toFixed(1)
    const skipped = left > 0 ? `, ${left} skipped` : ''
    const verdict = event.success ? 'ok  ' : 'FAIL'
    process.stdout.write(
      `${verdict} ${relative(root, event.file)} (${passed} passed${skipped}, ${seconds} s)\n`,
    )
  })
  for await (const _ of stream) {
    // Reading is what makes the run go on.
  }
  return result
}

/** With process isolation each file is a test of its own around its tests. */
function isFileItself(event: { name: string; file?: string; nesting: number }): boolean {
  return (
    event.nesting === 0 &&
    event.file !== undefined &&
    event.file.endsWith(event.name) &&
    event.name.endsWith('.ts')
  )
}
