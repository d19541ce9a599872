// Logs that have grown are put aside, the older ones packed, the oldest removed: names and numbers as the kubelet has
// them (LOG.20060102-150405, .gz), so that log shippers know what they see. A container writes on while this happens.

import { createReadStream, createWriteStream } from 'node:fs'
import { readdir, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import type { Clock, Timer } from '@brume/base/clock'
import type { Logger } from '@brume/base/log'
import { isCriError } from '../cri/connection.ts'
import type { Cri } from '../cri/cri.ts'
import { CONTAINER_RUNNING } from '../cri/enums.ts'

export interface RotationOptions {
  cri: Pick<Cri, 'listContainers' | 'containerStatus' | 'reopenContainerLog'>
  clock: Clock
  logger: Logger
  /** All logs of the node: LOGS/POD/CONTAINER/ATTEMPT.log */
  logsDir: string
  maxBytes?: number
  /** With the one that is written to. */
  maxFiles?: number
  everyMs?: number
}

/** The kubelet's containerLogMaxSize, containerLogMaxFiles and containerLogMonitorInterval. */
const MAX_BYTES = 10 * 1024 * 1024
const MAX_FILES = 5
const EVERY_MS = 10_000
export const PACKED = '.gz'
export const UNFINISHED = '.tmp'

/** Looks at the sizes now and then; the runtime is only asked when a log is too large. Returns how to stop. */
export function rotateLogs(options: RotationOptions): () => void {
  const { clock, logger, everyMs = EVERY_MS } = options
  let timer: Timer
  let stopped = false
  const look = async () => {
    try {
      await rotateGrown(options)
    } catch (error) {
      logger.warn('logs could not be rotated', { error: (error as Error).message })
    }
    if (!stopped) timer = clock.after(everyMs, () => void look())
  }
  timer = clock.after(everyMs, () => void look())
  return () => {
    stopped = true
    timer.cancel()
  }
}

export async function rotateGrown(options: RotationOptions): Promise<void> {
  const { cri, logsDir, maxBytes = MAX_BYTES, logger } = options
  const grown = new Set(await logsAbove(logsDir, maxBytes))
  if (grown.size === 0) return
  // Those that have ended write no more: their logs stay as they are.
  for (const { id = '' } of await cri.listContainers({ state: { state: CONTAINER_RUNNING } })) {
    try {
      const { logPath = '' } = await cri.containerStatus(id)
      if (grown.has(logPath)) await rotateLog(options, id, logPath)
    } catch (error) {
      if (isCriError(error) && error.notFound) continue
      logger.warn('a log could not be rotated', { container: id, error: (error as Error).message })
    }
  }
}

async function logsAbove(logsDir: string, maxBytes: number): Promise<string[]> {
  const found: string[] = []
  for (const pod of await namesIn(logsDir)) {
    for (const container of await namesIn(join(logsDir, pod))) {
      const dir = join(logsDir, pod, container)
      const logs = (await namesIn(dir)).filter((name) => name.endsWith('.log'))
      for (const name of logs) {
        const path = join(dir, name)
        const size = await stat(path).then(
          (file) => file.size,
          () => 0,
        )
        if (size >= maxBytes) found.push(path)
      }
    }
  }
  return found
}

/** Nothing for what is no directory, or is gone. */
async function namesIn(dir: string): Promise<string[]> {
  try {
    return await readdir(dir)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return []
    throw error
  }
}

async function rotateLog(options: RotationOptions, containerId: string, path: string): Promise<void> {
  const { cri, clock, maxFiles = MAX_FILES } = options
  const dir = dirname(path)
  const kept = await removeOld(path, Math.max(0, maxFiles - 2))
  for (const name of kept) if (!name.endsWith(PACKED)) await pack(join(dir, name))
  const aside = `${path}.${stamp(clock.now())}`
  await rename(path, aside)
  try {
    await cri.reopenContainerLog(containerId)
  } catch (error) {
    // Tried again at the next look.
    await rename(aside, path)
    throw error
  }
}

/** Removes what an interrupted rotation left, and all but the newest `most`. Gives those that stay, oldest first. */
async function removeOld(path: string, most: number): Promise<string[]> {
  const dir = dirname(path)
  const all = (await namesIn(dir)).filter((name) => name.startsWith(`${basename(path)}.`))
  const names = new Set(all)
  const isUnfinished = (name: string) => name.endsWith(UNFINISHED) || names.has(name + PACKED)
  const whole = all.filter((name) => !isUnfinished(name)).sort()
  const stay = most === 0 ? [] : whole.slice(-most)
  for (const name of all) if (!stay.includes(name)) await rm(join(dir, name), { force: true })
  return stay
}

async function pack(path: string): Promise<void> {
  const unfinished = path + PACKED + UNFINISHED
  await pipeline(createReadStream(path), createGzip(), createWriteStream(unfinished, { mode: 0o640 }))
  await rename(unfinished, path + PACKED)
  await rm(path)
}

/** 20060102-150405 */
function stamp(now: number): string {
  const [date, time] = new Date(now).toISOString().slice(0, 19).split('T') as [string, string]
  return `${date.replaceAll('-', '')}-${time.replaceAll(':', '')}`
}
