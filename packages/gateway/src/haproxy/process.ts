// HAProxy as a process of its own that outlives this one: started when there is something to serve, told to read its
// configuration again without losing a connection (master-worker mode), adopted by the next one who comes.

import { spawn } from 'node:child_process'
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import {
  isSameProcess,
  leadsSession,
  type ProcessId,
  processId,
  processIds,
  signalProcess,
} from '@brume/machine/process-id'
import { RunError, run } from '@brume/machine/run'
import { ask } from './admin.ts'
import { hearsReloads, workersOf } from './hand-over.ts'
import { jailOf } from './identity.ts'

export class GatewayError extends Error {
  override readonly name = 'GatewayError'
}

export const CONFIG = 'haproxy.cfg'
export const ACCESS_LOG = 'access.log'

const PID_FILE = 'haproxy.json'
const LOG = 'log'
const STOP_LIMIT_MS = 5000
const RELOAD_LIMIT_MS = 30_000
const RELOAD_AGAIN_MS = 5000
const POLL_MS = 20

/** Files below one directory, and the process that reads them. */
export class Haproxy {
  readonly #dir: string

  constructor(dir: string) {
    this.#dir = dir
    for (const name of ['', 'run', 'certs']) mkdirSync(join(dir, name), { recursive: true, mode: 0o700 })
    // Nobody else gets as far: what it is in is closed.
    mkdirSync(jailOf(dir), { recursive: true })
    chmodSync(jailOf(dir), 0o711)
  }

  get socket(): string {
    return join(this.#dir, 'run', 'admin.sock')
  }

  /** undefined: there is no such file. */
  read(name: string): string | undefined {
    const path = join(this.#dir, name)
    return existsSync(path) ? readFileSync(path, 'utf8') : undefined
  }

  /** Whole or not at all. */
  write(name: string, text: string): void {
    const path = join(this.#dir, name)
    writeFileSync(`${path}.new`, text, { mode: 0o600 })
    renameSync(`${path}.new`, path)
  }

  get running(): ProcessId | undefined {
    const id = this.#written()
    return id !== undefined && isSameProcess(id) ? id : this.#found()
  }

  /** Ids of the processes that answer requests, or end the ones that they have. */
  get workers(): number[] {
    const { running } = this
    return running === undefined ? [] : workersOf(running.pid)
  }

  #written(): ProcessId | undefined {
    try {
      return JSON.parse(this.read(PID_FILE) ?? 'null') ?? undefined
    } catch (error) {
      if (error instanceof SyntaxError) return undefined
      throw error
    }
  }

  /** Whoever started it may have been killed before that was written down. The newest: another one is about to end. */
  #found(): ProcessId | undefined {
    const config = join(this.#dir, CONFIG)
    const found = processIds()
      .filter((pid) => leadsSession(pid) && isOf(config, pid))
      .map(processId)
      .filter((id) => id !== undefined)
    return found.sort((a, b) => Number(b.startTicks) - Number(a.startTicks))[0]
  }

  /** Starts it. Throws GatewayError with HAProxy's own words. */
  async start(): Promise<void> {
    // One of a process that was killed would seem to say that this one is ready.
    rmSync(this.socket, { force: true })
    // It is there before anybody listens at it.
    const answers = () => ask(this.socket, 'show version').then(() => true)
    await this.#spawn([], () => answers().catch(() => false))
  }

  /** Makes the one that runs read its files again; `loaded` is asked until that is done. */
  async reload(loaded: () => Promise<boolean>): Promise<void> {
    const { running } = this
    if (running === undefined) return this.start()
    // Workers hand the socket on to each other, and make it never again.
    if (!existsSync(this.socket)) return this.replace(loaded)
    const limit = Date.now() + RELOAD_LIMIT_MS
    const waits = (): true => {
      if (isSameProcess(running) && Date.now() < limit) return true
      throw new GatewayError(`haproxy did not read its files again: ${this.#lastWords()}`)
    }
    while (!hearsReloads(running.pid) && waits()) await pause()
    signalProcess(running, 'SIGUSR2')
    // Told twice it reads them twice: the second worker would come with files that are no longer meant.
    let again = Date.now() + RELOAD_AGAIN_MS
    while (!(await loaded().catch(() => false)) && waits()) {
      if (Date.now() > again && hearsReloads(running.pid)) {
        signalProcess(running, 'SIGUSR2')
        again = limit
      }
      await pause()
    }
  }

  /** Another process takes the sockets and the requests over; the one before ends with its last connection, and what
   * it logs goes where it went. `taken` is asked until that is done. */
  async replace(taken: () => Promise<boolean>): Promise<void> {
    const { running } = this
    if (running === undefined) return this.start()
    const sockets = existsSync(this.socket) ? ['-x', this.socket] : []
    await this.#spawn([...sockets, '-sf', String(running.pid)], () => taken().catch(() => false))
  }

  async stop(): Promise<void> {
    const { running } = this
    if (running !== undefined) {
      signalProcess(running, 'SIGTERM')
      const limit = Date.now() + STOP_LIMIT_MS
      while (isSameProcess(running) && Date.now() < limit) await pause()
      if (isSameProcess(running)) signalProcess(running, 'SIGKILL')
    }
    rmSync(join(this.#dir, PID_FILE), { force: true })
  }

  /** HAProxy's own words about a configuration that it would refuse. */
  async check(text: string): Promise<string | undefined> {
    const path = join(this.#dir, `${CONFIG}.check`)
    writeFileSync(path, text, { mode: 0o600 })
    try {
      await run(['haproxy', '-c', '-f', path])
      return undefined
    } catch (error) {
      if (!(error instanceof RunError)) throw error
      if (error.code === 'ENOENT')
        throw new GatewayError('haproxy is not installed (apt-get install haproxy)', { cause: error })
      return error.stderr.trim()
    } finally {
      rmSync(path, { force: true })
    }
  }

  async #spawn(more: readonly string[], isReady: () => boolean | Promise<boolean>): Promise<void> {
    const open = (name: string) => openSync(join(this.#dir, name), 'a', 0o600)
    const [access, log] = [open(ACCESS_LOG), open(LOG)]
    const argv = ['-W', '-f', join(this.#dir, CONFIG), ...more]
    const child = spawn('haproxy', argv, { detached: true, stdio: ['ignore', access, log] })
    for (const fd of [access, log]) closeSync(fd)
    const { promise: ended, reject } = Promise.withResolvers<never>()
    child.once('error', (error: NodeJS.ErrnoException) => reject(new GatewayError(startError(error))))
    child.once('exit', (code) => reject(new GatewayError(reasonOf(code, this.#lastWords()))))
    ended.catch(() => {})
    const id = child.pid === undefined ? undefined : processId(child.pid)
    if (id === undefined) return ended
    child.unref()
    const limit = Date.now() + RELOAD_LIMIT_MS
    const ready = async () => {
      while (!(await isReady()) && isSameProcess(id) && Date.now() < limit) await pause()
    }
    await Promise.race([ended, ready()])
    // Gone before it was ready: why is about to be said.
    if (!isSameProcess(id)) await ended
    this.write(PID_FILE, JSON.stringify(id))
  }

  #lastWords(): string {
    return (this.read(LOG) ?? '').trim().split('\n').slice(-3).join('; ')
  }
}

/** Whether the process is a HAProxy that reads these files. */
function isOf(config: string, pid: number): boolean {
  try {
    const argv = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
    return argv[0] === 'haproxy' && argv.includes('-W') && argv.includes(config)
  } catch {
    // It is gone.
    return false
  }
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, POLL_MS))
}

function startError(error: NodeJS.ErrnoException): string {
  return error.code === 'ENOENT' ? 'haproxy is not installed (apt-get install haproxy)' : error.message
}

/** The port that is taken is what happens; anything else in HAProxy's own words. */
function reasonOf(code: number | null, words: string): string {
  const [, taken] = /Address already in use\) for \[(.+?)\]/.exec(words) ?? []
  return taken === undefined
    ? `haproxy ended with ${code}: ${words}`
    : `${taken} is in use by another program. Next: ./brume up --http-port PORT --https-port PORT`
}
