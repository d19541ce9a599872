// Starts containerd as a process of its own session, that outlives Brume, and finds it again.

import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  closeSync,
  copyFileSync,
  existsSync,
  openSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { searchPath } from '@brume/machine/executables'
import { isSameProcess, type ProcessId, processId, processIds } from '@brume/machine/process-id'
import type { RuntimePaths } from './paths.ts'

/** What of the environment containerd may see: its way to registries. */
const PASSED_ON = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'SSL_CERT_FILE', 'SSL_CERT_DIR']
const MAX_LOG_BYTES = 16 * 1024 * 1024

/** A containerd of this data directory, and the configuration that it read. */
export interface Launched extends ProcessId {
  configHash: string
}

export function hashOf(config: string): string {
  return createHash('sha256').update(config).digest('hex')
}

/** Starts it with the configuration that is written. Rejects when the program cannot be run at all. */
export async function launch(binary: string, paths: RuntimePaths): Promise<Launched> {
  rotateLog(paths.log)
  const log = openSync(paths.log, 'a', 0o600)
  try {
    const child = spawn(binary, ['--config', paths.config], {
      detached: true,
      stdio: ['ignore', log, log],
      cwd: '/',
      env: environment(),
    })
    await new Promise<void>((resolve, reject) => child.once('spawn', resolve).once('error', reject))
    child.unref()
    return remember(child.pid!, paths)
  } finally {
    closeSync(log)
  }
}

/** The one that runs, if one does: by the file that says so, else by the configuration it was started with. */
export function findLaunched(paths: RuntimePaths): Launched | undefined {
  const known = recorded(paths.pid)
  if (known !== undefined && isSameProcess(known)) return known
  const pid = pidWithConfig(paths.config)
  return pid === undefined ? undefined : remember(pid, paths, 'unknown')
}

/** After an upgrade of the package, the program that runs is no longer the one on the disk. */
export function runsReplacedProgram({ pid }: ProcessId): boolean {
  try {
    return readlinkSync(`/proc/${pid}/exe`).endsWith(' (deleted)')
  } catch {
    return false
  }
}

/** Keeps the last log beside the new one. It is copied and cut, since its writer, that appends, does not open it anew. */
export function rotateLog(path: string, maxBytes = MAX_LOG_BYTES): void {
  if (!existsSync(path) || statSync(path).size <= maxBytes) return
  copyFileSync(path, `${path}.1`)
  truncateSync(path)
}

export function forgetLaunched(paths: RuntimePaths): void {
  rmSync(paths.pid, { force: true })
}

function remember(pid: number, paths: RuntimePaths, configHash?: string): Launched {
  const id = processId(pid) ?? { pid, startTicks: '' }
  const launched = { ...id, configHash: configHash ?? hashOf(readFileSync(paths.config, 'utf8')) }
  writeFileSync(`${paths.pid}.new`, `${JSON.stringify(launched)}\n`)
  renameSync(`${paths.pid}.new`, paths.pid)
  return launched
}

function recorded(path: string): Launched | undefined {
  try {
    const found: Partial<Launched> = JSON.parse(readFileSync(path, 'utf8'))
    return Number.isSafeInteger(found.pid) ? (found as Launched) : undefined
  } catch (error) {
    const isAbsent = (error as NodeJS.ErrnoException).code === 'ENOENT'
    if (!isAbsent && !(error instanceof SyntaxError)) throw error
    return undefined
  }
}

/** Exactly ours: no other containerd was started with a file in this directory. */
function pidWithConfig(config: string): number | undefined {
  return processIds().find((pid) => {
    const [, flag, path] = argvOf(pid)
    return flag === '--config' && path === config && processId(pid) !== undefined
  })
}

export function argvOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1)
  } catch {
    return []
  }
}

function environment(): NodeJS.ProcessEnv {
  const passed = PASSED_ON.flatMap((name) => [name, name.toLowerCase()])
    .filter((name) => process.env[name] !== undefined)
    .map((name) => [name, process.env[name]])
  return { PATH: searchPath(), HOME: '/root', ...Object.fromEntries(passed) }
}
