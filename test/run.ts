// `./brume test`: types, lint, then every test that can run on this machine. Ends with what was skipped and why, and
// a line of counts. Arguments: files or folders to run only those; --list to see them.

import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join, relative, resolve } from 'node:path'
import { run } from 'node:test'
import { type Report, report } from './report.ts'
import { installTools } from './tools.ts'

const ROOT = resolve(import.meta.dirname, '..')
const FILE_TIMEOUT_MS = 15 * 60_000

interface Check {
  name: string
  command: readonly string[]
}

const CHECKS: readonly Check[] = [
  { name: 'types (tsc)', command: ['node_modules/.bin/tsc', '-p', '.'] },
  { name: 'format and lint (biome)', command: ['node_modules/.bin/biome', 'ci', '--colors=off', '.'] },
]

async function main(args: string[]): Promise<number> {
  const files = testFiles(args.filter((arg) => !arg.startsWith('--')))
  if (args.includes('--help')) {
    process.stdout.write(
      'usage: ./brume test [--list] [FILE|FOLDER ...]\n\nRuns all tests, or those named.\n',
    )
    return 0
  }
  if (args.includes('--list') && files.length > 0) {
    process.stdout.write(`${files.map((file) => relative(ROOT, file)).join('\n')}\n`)
    return 0
  }
  await installTools()
  const failedChecks = args.some((arg) => !arg.startsWith('--'))
    ? []
    : CHECKS.filter((check) => !passes(check))
  if (files.length === 0) {
    process.stderr.write('no test file matches; ./brume test --list shows them all\n')
    return 2
  }
  const started = Date.now()
  const parallel = availableParallelism()
  const alone = files.filter(isMeasured)
  const reports = [
    await runFiles(
      files.filter((file) => !isMeasured(file)),
      parallel,
    ),
    ...(alone.length > 0 ? [await runFiles(alone, 1)] : []),
  ]
  return summary(reports, failedChecks, Date.now() - started)
}

/** Whole-system tests get the machine for themselves. */
const isMeasured = (file: string) =>
  file.startsWith(join(ROOT, 'test', 'e2e')) || file.startsWith(join(ROOT, 'test', 'sim'))

function testFiles(named: readonly string[]): string[] {
  const all = globSync(['packages/*/src/**/*.test.ts', 'test/**/*.test.ts', 'tools/**/*.test.ts'], {
    cwd: ROOT,
  })
    .map((file) => join(ROOT, file))
    .sort()
  if (named.length === 0) return all
  const wanted = named.map((name) => resolve(name))
  return all.filter((file) => wanted.some((path) => file === path || file.startsWith(`${path}/`)))
}

function passes({ name, command }: Check): boolean {
  const [program, ...args] = command
  const { status, stdout, stderr, error } = spawnSync(join(ROOT, program!), args, {
    cwd: ROOT,
    encoding: 'utf8',
  })
  process.stdout.write(`${status === 0 ? 'ok  ' : 'FAIL'} ${name}\n`)
  if (status !== 0) process.stdout.write(`${stdout ?? ''}${stderr ?? ''}${error?.message ?? ''}\n`)
  return status === 0
}

function runFiles(files: string[], concurrency: number): Promise<Report> {
  const stream = run({ files, concurrency, timeout: FILE_TIMEOUT_MS, cwd: ROOT })
  return report(stream, ROOT)
}

function summary(reports: readonly Report[], failedChecks: readonly Check[], tookMs: number): number {
  const sum = (of: (r: Report) => number) => reports.reduce((total, r) => total + of(r), 0)
  const skipped = reports.flatMap((r) => r.skipped)
  if (skipped.length > 0) {
    process.stdout.write('\nskipped:\n')
    for (const { name, reason } of skipped) process.stdout.write(`  ${name}: ${reason}\n`)
  }
  const failed = reports.flatMap((r) => r.failed)
  if (failed.length > 0) {
    process.stdout.write('\nfailed:\n')
    for (const { name, file } of failed) process.stdout.write(`  ${file}: ${name}\n`)
  }
  for (const { name } of failedChecks) process.stdout.write(`failed check: ${name}\n`)
  process.stdout.write(`\n${Math.round(tookMs / 1000)} s\n`)
  const passed = sum((r) => r.passed)
  process.stdout.write(
    `${passed} passed, ${failed.length + failedChecks.length} failed, ${skipped.length} skipped\n`,
  )
  return failed.length + failedChecks.length > 0 || passed === 0 ? 1 : 0
}

process.exitCode = await main(process.argv.slice(2))
