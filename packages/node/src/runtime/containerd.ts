// A containerd of Brume's own: configured, started or adopted, watched, started again when it ends. Containers belong to
// their shims and go on through all of that.

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import type { ClientHttp2Session } from 'node:http2'
import { setTimeout as wait } from 'node:timers/promises'
import { type Clock, systemClock, type Timer } from '@brume/base/clock'
import type { Logger } from '@brume/base/log'
import { hasCapability } from '@brume/machine/capabilities'
import { findCniPlugins, findExecutable } from '@brume/machine/executables'
import { isSameProcess, type ProcessId, signalProcess } from '@brume/machine/process-id'
import { run } from '@brume/machine/run'
import { forgetEarlierBoot } from './boot.ts'
import { type ContainerdVersion, containerdConfig } from './config.ts'
import { RuntimeError } from './error.ts'
import { installedHandlers } from './handlers.ts'
import {
  findLaunched,
  forgetLaunched,
  hashOf,
  type Launched,
  launch,
  rotateLog,
  runsReplacedProgram,
} from './launch.ts'
import { lastErrors } from './log-tail.ts'
import { ensureRuntimePaths, type RuntimePaths, runtimePaths } from './paths.ts'
import { askCri, openSession } from './ready.ts'
import { chooseSnapshotter } from './snapshotter.ts'

export interface ContainerdOptions {
  dataDir: string
  /** A site's own CNI configuration instead of the built-in network's. */
  cniConfDir?: string | undefined
  logger: Logger
  clock?: Clock
  /** How often it is looked whether it still answers. Default: 30 s. */
  lookEveryMs?: number
  /** Told when it ends and when it answers again: '' or the sentence that says what is wrong. */
  onTrouble?(trouble: string): void
}

export interface Containerd {
  /** Of CRI and of containerd's own API. */
  readonly socket: string
  readonly paths: RuntimePaths
  readonly version: ContainerdVersion
  /** Names that a RuntimeClass may give. */
  readonly handlers: readonly string[]
  readonly pid: number
  /** '' while it answers. */
  readonly trouble: string
  /** Looks after it no longer. It and its containers go on. */
  close(): void
  /** Ends containerd. Containers go on under their shims until `removeRuntime`. */
  stop(): Promise<void>
}

const START_LIMIT_MS = 60_000
const RETRY_MS = 20
const STOP_LIMIT_MS = 10_000
const FIRST_BACKOFF_MS = 100
const MAX_BACKOFF_MS = 30_000
const ROTATE_EVERY_MS = 3600_000
const LOOK_EVERY_MS = 30_000
const LOOK_LIMIT_MS = 10_000
/** So many looks in a row without an answer: it hangs, and only another one will answer. */
const MAX_SILENT_LOOKS = 4
/** Who lived so long starts with the shortest back-off again. */
const STEADY_MS = 60_000

/** Resolves when CRI answers. Throws RuntimeError when it cannot be started. */
export async function startContainerd(options: ContainerdOptions): Promise<Containerd> {
  const programs = findPrograms()
  const paths = runtimePaths(options.dataDir)
  ensureRuntimePaths(paths)
  forgetEarlierBoot(paths)
  const version = await versionOf(programs.containerd)
  const handlers = installedHandlers(programs.runc)
  const config = containerdConfig({
    version,
    paths,
    snapshotter: await chooseSnapshotter(paths),
    cniBinDir: programs.cniBinDir,
    cniConfDir: options.cniConfDir ?? paths.cniConf,
    restrictOomScore: !hasCapability('CAP_SYS_RESOURCE'),
    handlers,
  })
  await endOutdated(paths, config)
  if (!existsSync(paths.config) || readFileSync(paths.config, 'utf8') !== config)
    writeFileSync(paths.config, config, { mode: 0o600 })
  const supervisor = new Supervisor(programs.containerd, paths, options)
  await supervisor.start().catch(async (error) => {
    await endContainerd(paths)
    throw error
  })
  return {
    socket: paths.socket,
    paths,
    version,
    handlers: handlers.map(({ name }) => name),
    get pid() {
      return supervisor.pid
    },
    get trouble() {
      return supervisor.trouble
    },
    close: () => supervisor.close(),
    async stop() {
      supervisor.close()
      await endContainerd(paths)
    },
  }
}

/** Ends the containerd of a data directory, whoever started it. Nothing running is no error. */
export async function endContainerd(paths: RuntimePaths): Promise<void> {
  const launched = findLaunched(paths)
  if (launched !== undefined) await end(launched)
  forgetLaunched(paths)
}

/** Watches one process, and starts the next when it ends. */
class Supervisor {
  trouble = ''
  #current: Launched | undefined
  #session: ClientHttp2Session | undefined
  #backoffMs = FIRST_BACKOFF_MS
  #timer: Timer | undefined
  #rotation: Timer | undefined
  #look: Timer | undefined
  #closed = false
  readonly #binary: string
  readonly #paths: RuntimePaths
  readonly #options: ContainerdOptions
  readonly #clock: Clock

  constructor(binary: string, paths: RuntimePaths, options: ContainerdOptions) {
    this.#binary = binary
    this.#paths = paths
    this.#options = options
    this.#clock = options.clock ?? systemClock
  }

  get pid(): number {
    return this.#current?.pid ?? 0
  }

  /** Adopts the one that runs, or starts one. */
  async start(): Promise<void> {
    this.#current = findLaunched(this.#paths) ?? (await launch(this.#binary, this.#paths))
    const session = await untilReady(this.#current, this.#paths)
    if (this.#closed) return session.destroy()
    this.#session = session
    session.unref()
    const since = this.#clock.now()
    session.once('close', () => this.#ended(since))
    this.#tell('')
    this.#rotation?.cancel()
    this.#rotate()
    this.#lookAfter(session, 0)
  }

  /** The end of its process ends the session; a process that hangs does not. */
  #lookAfter(session: ClientHttp2Session, silent: number): void {
    const everyMs = this.#options.lookEveryMs ?? LOOK_EVERY_MS
    this.#look?.cancel()
    this.#look = this.#clock.after(everyMs, async () => {
      const { answered } = await askCri(session, Math.min(everyMs, LOOK_LIMIT_MS))
      if (this.#closed || session !== this.#session || session.destroyed) return
      if (!answered && silent + 1 >= MAX_SILENT_LOOKS && this.#current !== undefined) {
        this.#options.logger.warn('containerd hangs and is ended', { pid: this.pid })
        signalProcess(this.#current, 'SIGKILL')
      } else this.#lookAfter(session, answered ? 0 : silent + 1)
    })
  }

  #rotate(): void {
    rotateLog(this.#paths.log)
    this.#rotation = this.#clock.after(ROTATE_EVERY_MS, () => this.#rotate())
  }

  close(): void {
    this.#closed = true
    this.#timer?.cancel()
    this.#rotation?.cancel()
    this.#look?.cancel()
    this.#session?.destroy()
  }

  #ended(since: number): void {
    if (this.#closed) return
    if (this.#clock.now() - since > STEADY_MS) this.#backoffMs = FIRST_BACKOFF_MS
    this.#again('containerd has ended')
  }

  #again(why: string): void {
    const delayMs = this.#backoffMs
    this.#backoffMs = Math.min(this.#backoffMs * 2, MAX_BACKOFF_MS)
    this.#tell(`${why}; it is started again in ${delayMs / 1000} s, containers go on`)
    this.#timer = this.#clock.after(delayMs, () => {
      this.start().catch(async (error) => {
        if (this.#closed) return
        // One that hangs would be adopted again and again.
        if (this.#current !== undefined) signalProcess(this.#current, 'SIGKILL')
        this.#again(error.message)
      })
    })
  }

  #tell(trouble: string): void {
    if (trouble === this.trouble) return
    this.trouble = trouble
    const { logger, onTrouble } = this.#options
    if (trouble === '') logger.info('containerd answers again', { pid: this.pid })
    else logger.warn(trouble)
    onTrouble?.(trouble)
  }
}

/** Ends one that runs with another configuration or an older program than today's. */
async function endOutdated(paths: RuntimePaths, config: string): Promise<void> {
  const launched = findLaunched(paths)
  if (launched === undefined) return
  if (launched.configHash === hashOf(config) && !runsReplacedProgram(launched)) return
  await end(launched)
}

async function end(id: ProcessId): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    if (!signalProcess(id, signal)) return
    const limit = Date.now() + STOP_LIMIT_MS
    while (isSameProcess(id) && Date.now() < limit) await wait(RETRY_MS)
  }
  if (isSameProcess(id))
    throw new RuntimeError(`containerd (process ${id.pid}) does not end`, 'restart the machine')
}

async function untilReady(launched: Launched, paths: RuntimePaths): Promise<ClientHttp2Session> {
  const limit = Date.now() + START_LIMIT_MS
  let why = ''
  while (Date.now() < limit && isSameProcess(launched)) {
    const session = await openSession(paths.socket).catch((error) => {
      why = error.message
    })
    if (session !== undefined) {
      const { trouble, final } = await askCri(session)
      if (trouble === '') return session
      session.destroy()
      why = trouble
      if (final) break
    }
    await wait(RETRY_MS)
  }
  const reason = lastErrors(paths.log) || why
  throw new RuntimeError(`containerd does not start: ${reason}`, `look into its log: ${paths.log}`)
}

function findPrograms(): { containerd: string; runc: string; cniBinDir: string } {
  const [containerd, runc, cniBinDir] = [
    findExecutable('containerd'),
    findExecutable('runc'),
    findCniPlugins(),
  ]
  if (containerd === undefined || runc === undefined || cniBinDir === undefined) {
    const missing = Object.entries({ containerd, runc, 'CNI plugins': cniBinDir })
      .filter(([, path]) => path === undefined)
      .map(([name]) => name)
    throw new RuntimeError(
      `${missing.join(', ')} not found on this machine`,
      './brume doctor   (says what to install)',
    )
  }
  return { containerd, runc, cniBinDir }
}

/** `containerd github.com/containerd/containerd 1.6.20~ds1 ...`, `containerd github.com/containerd/containerd/v2 2.0.2 ...` */
export function parseVersion(text: string): ContainerdVersion | undefined {
  const match = /^containerd \S+ v?(\d+)\.(\d+)/m.exec(text)
  return match === null ? undefined : { major: Number(match[1]), minor: Number(match[2]) }
}

async function versionOf(binary: string): Promise<ContainerdVersion> {
  const { stdout } = await run([binary, '--version'])
  const version = parseVersion(stdout)
  if (version === undefined || version.major < 1 || (version.major === 1 && version.minor < 6)) {
    throw new RuntimeError(
      `${binary} is too old or unknown (${stdout.trim()}): 1.6 or newer is needed`,
      'install a newer containerd, then run this again',
    )
  }
  return version
}
