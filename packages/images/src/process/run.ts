// Programs of the machine, started with an argument list and never through a shell.

import { spawn } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { ImageError } from '../image-error.ts'

const MAX_OUTPUT_BYTES = 64 * 1024 * 1024
const MAX_ERROR_BYTES = 16 * 1024

export interface RunOptions {
  env?: Record<string, string>
  cwd?: string
  signal?: AbortSignal | undefined
  /** Standard output goes there instead of into the result. */
  outputFile?: string
  /** Every line of standard error, and of standard output when it goes nowhere else, as it comes. */
  onLine?: ((line: string) => void) | undefined
}

/** Standard output. Throws ImageError with the end of standard error when the program fails or is missing. */
export async function run(argv: readonly string[], options: RunOptions = {}): Promise<string> {
  const [program, ...args] = argv
  const child = spawn(program!, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, LC_ALL: 'C.UTF-8', ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  })
  const errors = new Lines(options.onLine)
  child.stderr.on('data', (chunk: Buffer) => errors.add(chunk))
  const ended = new Promise<number | NodeJS.Signals>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve(code ?? signal ?? 1))
  })
  const output =
    options.outputFile === undefined
      ? gather(child.stdout, options.onLine)
      : pipeline(child.stdout, createWriteStream(options.outputFile)).then(() => '')
  try {
    const [text, code] = await Promise.all([output, ended])
    if (code === 0) return text
    throw new ImageError(`${program} failed (${code}): ${errors.tail()}`)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') throw new ImageError(`${program} is not installed`, { cause: error })
    throw error
  }
}

async function gather(stream: AsyncIterable<Buffer>, onLine?: (line: string) => void): Promise<string> {
  const lines = new Lines(onLine)
  const parts: Buffer[] = []
  let bytes = 0
  for await (const chunk of stream) {
    lines.add(chunk)
    bytes += chunk.length
    if (bytes > MAX_OUTPUT_BYTES)
      throw new ImageError(`a program printed more than ${MAX_OUTPUT_BYTES} bytes`)
    parts.push(chunk)
  }
  return Buffer.concat(parts).toString()
}

/** Passes lines on and keeps the last of them. */
class Lines {
  #kept = ''
  #partial = ''
  readonly #onLine: ((line: string) => void) | undefined

  constructor(onLine: ((line: string) => void) | undefined) {
    this.#onLine = onLine
  }

  add(chunk: Buffer): void {
    const text = chunk.toString()
    this.#kept = (this.#kept + text).slice(-MAX_ERROR_BYTES)
    if (this.#onLine === undefined) return
    const lines = (this.#partial + text).split(/[\r\n]+/)
    this.#partial = lines.pop()!.slice(-MAX_ERROR_BYTES)
    for (const line of lines) if (line.trim() !== '') this.#onLine(line)
  }

  tail(): string {
    return this.#kept.trim().split('\n').slice(-5).join(' / ') || 'it said nothing'
  }
}
