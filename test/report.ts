// Turns the events of node:test into one line a file while it runs, and what the summary needs.

import { relative } from 'node:path'
import type { TestsStream } from 'node:test'

export interface Report {
  passed: number
  failed: { name: string; file: string }[]
  skipped: { name: string; reason: string }[]
}

interface FileState {
  passed: number
  failed: number
  skipped: number
  startedAtMs: number
}

/** Resolves when the run has ended. Failures are printed with their error as they come. */
export async function report(stream: TestsStream, root: string): Promise<Report> {
  const result: Report = { passed: 0, failed: [], skipped: [] }
  const files = new Map<string, FileState>()
  const stateOf = (file: string) => {
    let state = files.get(file)
    if (state === undefined) {
      state = { passed: 0, failed: 0, skipped: 0, startedAtMs: Date.now() }
      files.set(file, state)
    }
    return state
  }
  stream.on('test:pass', (event) => {
    const state = stateOf(event.file ?? '')
    if (event.skip !== undefined && event.skip !== false) {
      state.skipped++
      result.skipped.push({
        name: event.name,
        reason: event.skip === true ? 'no reason given' : String(event.skip),
      })
    } else if (event.details.type !== 'suite' && !isFileItself(event)) {
      state.passed++
      result.passed++
    }
  })
  stream.on('test:fail', (event) => {
    const { error } = event.details
    // A parent fails because a child did: the child was told.
    if ((error as { failureType?: string }).failureType === 'subtestsFailed') return
    const file = relative(root, event.file ?? '')
    stateOf(event.file ?? '').failed++
    result.failed.push({ name: event.name, file })
    const cause =
      error.cause instanceof Error ? (error.cause.stack ?? error.cause.message) : String(error.cause ?? error)
    process.stdout.write(`\nFAIL ${file}: ${event.name}\n${cause}\n\n`)
  })
  stream.on('test:stderr', ({ message }) => process.stderr.write(message))
  stream.on('test:summary', (event) => {
    if (event.file === undefined) return
    const state = stateOf(event.file)
    const seconds = (event.duration_ms / 1000).toFixed(1)
    const skipped = state.skipped > 0 ? `, ${state.skipped} skipped` : ''
    const verdict = state.failed > 0 ? 'FAIL' : 'ok  '
    process.stdout.write(
      `${verdict} ${relative(root, event.file)} (${state.passed} passed${skipped}, ${seconds} s)\n`,
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
