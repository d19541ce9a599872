// The audit log on the disk. Lines are gathered for a moment and written together, off the main thread: a request waits
// for nothing. When the disk takes nothing, lines wait within a limit, beyond which they are lost and counted.

import { close, existsSync, ftruncateSync, write } from 'node:fs'
import { promisify } from 'node:util'
import type { Clock } from '@brume/base/clock'
import type { Logger } from '@brume/base/log'
import type { AuditSink } from '../types.ts'
import { type LogLimits, type OpenFile, openLogFile, removeOld, setAside } from './files.ts'

const writeBytes = promisify(write)

/** How long a line waits for others. What a process that is killed takes along is as old as this at most. */
const GATHER_MS = 20
const RETRY_MS = 1_000
/** Characters written at once, and waiting for a disk that takes nothing. */
const BATCH_LENGTH = 1024 * 1024
const MAX_WAITING_LENGTH = 16 * 1024 * 1024
const TIDY_EVERY_MS = 3_600_000

export interface AuditLogOptions {
  path: string
  limits: LogLimits
  clock: Clock
  logger: Logger
  /** Called with the number of lines that were given up. */
  onLost(lines: number): void
  /** Of what waits, in characters. For tests: a smaller one is full sooner. */
  maxWaitingLength?: number
}

export interface AuditLog extends AuditSink {
  /** Writes what waits, if the disk takes it. */
  close(): Promise<void>
}

export class AuditLogError extends Error {
  override name = 'AuditLogError'
}

/** Throws AuditLogError when the file cannot be opened. */
export function openAuditLog(options: AuditLogOptions): AuditLog {
  try {
    return new FileLog(options)
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    throw new AuditLogError(`cannot open the audit log ${options.path}: ${code ?? message}`, { cause })
  }
}

class FileLog implements AuditLog {
  readonly #options: AuditLogOptions
  #file: OpenFile
  #waiting: string[] = []
  #waitingLength = 0
  /** Taken from the waiting ones, and not on the disk yet. */
  #batch: string[] = []
  #writing: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined
  #failing = false
  #lost = 0
  #closed = false
  readonly #tidying: NodeJS.Timeout

  constructor(options: AuditLogOptions) {
    this.#options = options
    this.#file = openLogFile(options.path)
    this.#tidy()
    this.#tidying = setInterval(() => this.#tidy(), TIDY_EVERY_MS).unref()
  }

  write(line: string): void {
    const { maxWaitingLength = MAX_WAITING_LENGTH } = this.#options
    if (this.#closed || this.#waitingLength + line.length > maxWaitingLength) {
      this.#lost++
      this.#options.onLost(1)
      return
    }
    this.#waiting.push(line)
    this.#waitingLength += line.length
    if (this.#writing === undefined) this.#wake(GATHER_MS)
  }

  async close(): Promise<void> {
    clearInterval(this.#tidying)
    clearTimeout(this.#timer)
    await this.#writing
    clearTimeout(this.#timer)
    await this.#writeAll()
    this.#closed = true
    const left = this.#batch.length + this.#waiting.length
    if (left > 0) this.#options.onLost(left)
    close(this.#file.fd, () => {})
  }

  #wake(delayMs: number): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      this.#writing = this.#writeAll().finally(() => {
        this.#writing = undefined
        if (this.#batch.length + this.#waiting.length > 0) this.#wake(this.#failing ? RETRY_MS : 0)
      })
    }, delayMs).unref()
  }

  async #writeAll(): Promise<void> {
    while (this.#batch.length + this.#waiting.length > 0) {
      if (this.#batch.length === 0) this.#takeBatch()
      try {
        await this.#append(Buffer.from(`${this.#batch.join('\n')}\n`))
        for (const line of this.#batch) this.#waitingLength -= line.length
        this.#batch = []
        this.#recovered()
      } catch (error) {
        this.#failed(error)
        return
      }
    }
  }

  #takeBatch(): void {
    let length = 0
    let count = 0
    while (count < this.#waiting.length && (count === 0 || length < BATCH_LENGTH)) {
      length += this.#waiting[count++]!.length
    }
    this.#batch = this.#waiting.splice(0, count)
  }

  /** All of it, or (throws) nothing: a file never holds a part of a line that is written again. */
  async #append(bytes: Buffer): Promise<void> {
    const { maxBytes } = this.#options.limits
    if (this.#file.size > 0 && this.#file.size + bytes.length > maxBytes) this.#rotate()
    const { fd, size } = this.#file
    let written = 0
    try {
      while (written < bytes.length) {
        written += (await writeBytes(fd, bytes, written, bytes.length - written, null)).bytesWritten
      }
    } catch (error) {
      if (written > 0) ftruncateSync(fd, size)
      throw error
    }
    this.#file.size = size + bytes.length
  }

  #rotate(): void {
    const { path, clock } = this.#options
    // It is not there when somebody else moved it, or when the next one could not be opened.
    if (existsSync(path)) setAside(path, clock.now())
    const old = this.#file.fd
    this.#file = openLogFile(path)
    close(old, () => {})
    this.#tidy()
  }

  #tidy(): void {
    const { path, limits, clock, logger } = this.#options
    try {
      removeOld(path, limits, clock.now())
    } catch (error) {
      logger.warn('an old audit log could not be removed', { error: String(error) })
    }
  }

  #failed(error: unknown): void {
    if (!this.#failing)
      this.#options.logger.error('the audit log cannot be written; events wait', { error: String(error) })
    this.#failing = true
  }

  #recovered(): void {
    if (!this.#failing) return
    this.#failing = false
    this.#options.logger.warn('the audit log is written again', { lost: this.#lost })
    this.#lost = 0
  }
}
