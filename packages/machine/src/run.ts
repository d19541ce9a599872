// The one place that runs the machine's programs: an argv array, never a shell.

import { spawn } from 'node:child_process'
import { searchPath } from './executables.ts'

export interface RunOptions {
  /** For its standard input. */
  input?: string
  /** Default: 60 s. */
  timeoutMs?: number
  env?: Readonly<Record<string, string>>
  /** Called with each piece of output as it comes. */
  onOutput?(text: string, stream: 'stdout' | 'stderr'): void
}

export interface RunResult {
  stdout: string
  stderr: string
}

/** A program that could not be started, ended with another code than 0, or was too slow. */
export class RunError extends Error {
  override name = 'RunError'
  readonly argv: readonly string[]
  /** null: not started, or ended by a signal. */
  readonly exitCode: number | null
  readonly stderr: string
  readonly stdout: string
  /** ENOENT: it is not installed. */
  readonly code: string | undefined

  constructor(
    argv: readonly string[],
    why: string,
    facts: { exitCode?: number | null; stderr?: string; stdout?: string; code?: string | undefined } = {},
  ) {
    super(`${argv.join(' ')}: ${why}`)
    this.argv = argv
    this.exitCode = facts.exitCode ?? null
    this.stderr = facts.stderr ?? ''
    this.stdout = facts.stdout ?? ''
    this.code = facts.code
  }
}

const DEFAULT_TIMEOUT_MS = 60_000
/** Of each stream; what comes after that is dropped. */
const MAX_OUTPUT_CHARS = 4 * 1024 * 1024

/** Resolves when the program has ended with code 0; throws RunError else. */
export function run(argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const [program, ...args] = argv
  return new Promise((resolve, reject) => {
    const child = spawn(program!, args, {
      env: { LC_ALL: 'C', ...process.env, PATH: searchPath(), ...options.env },
      stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    })
    const output = { stdout: '', stderr: '' }
    for (const stream of ['stdout', 'stderr'] as const) {
      child[stream]!.setEncoding('utf8').on('data', (text: string) => {
        if (output[stream].length < MAX_OUTPUT_CHARS) output[stream] += text
        options.onOutput?.(text, stream)
      })
    }
    const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS
    let late = false
    const timer = setTimeout(() => {
      late = true
      child.kill('SIGKILL')
    }, timeoutMs)
    child.on('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer)
      const why = error.code === 'ENOENT' ? 'it is not installed' : error.message
      reject(new RunError(argv, why, { code: error.code }))
    })
    child.on('close', (exitCode, signal) => {
      clearTimeout(timer)
      if (exitCode === 0) return resolve(output)
      const end = signal === null ? `ended with code ${exitCode}` : `was ended by ${signal}`
      const why = late ? `was not done after ${timeoutMs / 1000} s` : end
      reject(new RunError(argv, `${why}${lastWords(output.stderr)}`, { exitCode, ...output }))
    })
    // A program that ends without reading its input is judged by its exit code.
    child.stdin?.on('error', () => {})
    child.stdin?.end(options.input)
  })
}

function lastWords(stderr: string): string {
  const words = stderr.trim().slice(-400)
  return words === '' ? '' : `: ${words}`
}
