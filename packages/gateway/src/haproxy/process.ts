// HAProxy as a process of its own that outlives this one: started when there is something to serve, told to read its
// configuration again without losing a connection (master-worker mode), adopted by the next one who comes.

import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isSameProcess, type ProcessId, processId, signalProcess } from '@brume/machine/process-id'
import { RunError, run } from '@brume/machine/run'

export class GatewayError extends Error {
  override readonly name = 'GatewayError'
}

const PID_FILE = 'haproxy.json'
const STOP_LIMIT_MS = 5000
const POLL_MS = 20

/** Files below one directory, and the process that reads them. */
export class Haproxy {
  readonly #dir: string

  constructor(dir: string) {
    this.#dir = dir
    for (const name of ['', 'run', 'certs']) mkdirSync(join(dir, name), { recursive: true, mode: 0o700 })
  }

  /** Writes what differs. True when anything did. */
  write(files: Iterable<readonly [name: string, text: string]>): boolean {
    let changed = false
    for (const [name, text] of files) {
      const path = join(this.#dir, name)
      if (existsSync(path) && readFileSync(path, 'utf8') === text) continue
      writeFileSync(`${path}.new`, text, { mode: 0o600 })
      renameSync(`${path}.new`, path)
      changed = true
    }
    return changed
  }

  get running(): ProcessId | undefined {
    const path = join(this.#dir, PID_FILE)
    if (!existsSync(path)) return undefined
    const id = JSON.parse(readFileSync(path, 'utf8')) as ProcessId
    return isSameProcess(id) ? id : undefined
  }

  /** Starts it, or makes the one that runs read its files again. Throws GatewayError with HAProxy's own words. */
  async apply(): Promise<void> {
    await this.#check()
    const { running } = this
    if (running === undefined) return this.#start()
    signalProcess(running, 'SIGUSR2')
  }

  async stop(): Promise<void> {
    const { running } = this
    if (running !== undefined) {
      signalProcess(running, 'SIGTERM')
      const limit = Date.now() + STOP_LIMIT_MS
      while (isSameProcess(running) && Date.now() < limit)
        await new Promise((resolve) => setTimeout(resolve, POLL_MS))
      if (isSameProcess(running)) signalProcess(running, 'SIGKILL')
    }
    rmSync(join(this.#dir, PID_FILE), { force: true })
  }

  async #check(): Promise<void> {
    try {
      await run(['haproxy', '-c', '-f', join(this.#dir, 'haproxy.cfg')])
    } catch (error) {
      if (!(error instanceof RunError)) throw error
      const told =
        error.code === 'ENOENT' ? 'haproxy is not installed (apt-get install haproxy)' : error.stderr.trim()
      throw new GatewayError(told, { cause: error })
    }
  }

  async #start(): Promise<void> {
    // One of a process that was killed would seem to say that this one is ready.
    rmSync(join(this.#dir, 'run', 'admin.sock'), { force: true })
    const log = openSync(join(this.#dir, 'log'), 'a', 0o600)
    const argv = ['-W', '-f', join(this.#dir, 'haproxy.cfg')]
    const child = spawn('haproxy', argv, { detached: true, stdio: ['ignore', log, log] })
    const { promise: ended, reject } = Promise.withResolvers<never>()
    child.once('error', reject)
    child.once('exit', (code) => reject(new GatewayError(reasonOf(code, this.#lastWords()))))
    ended.catch(() => {})
    const id = child.pid === undefined ? undefined : processId(child.pid)
    if (id === undefined) return ended
    writeFileSync(join(this.#dir, PID_FILE), JSON.stringify(id), { mode: 0o600 })
    child.unref()
    await Promise.race([ended, this.#ready(id)])
    // Gone before it was ready: why is about to be said.
    if (!isSameProcess(id)) await ended
  }

  /** Its admin socket is there: its ports are bound. */
  async #ready(id: ProcessId): Promise<void> {
    const limit = Date.now() + STOP_LIMIT_MS
    while (!existsSync(join(this.#dir, 'run', 'admin.sock')) && isSameProcess(id) && Date.now() < limit) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS))
    }
  }

  #lastWords(): string {
    const path = join(this.#dir, 'log')
    const text = existsSync(path) ? readFileSync(path, 'utf8') : ''
    return text.trim().split('\n').slice(-3).join('; ')
  }
}

/** The port that is taken is what happens; anything else in HAProxy's own words. */
function reasonOf(code: number | null, words: string): string {
  const [, taken] = /Address already in use\) for \[(.+?)\]/.exec(words) ?? []
  return taken === undefined
    ? `haproxy ended with ${code}: ${words}`
    : `${taken} is in use by another program. Next: ./brume up --http-port PORT --https-port PORT`
}
