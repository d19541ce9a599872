// A container that goes takes its log with it, and what was put aside of it: a container that crashes for days would
// fill the disk with the logs of its attempts.

import { readdir, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { isCriError } from '../cri/connection.ts'
import type { Cri } from '../cri/cri.ts'

/** Throws CriError. Idempotent. */
export async function removeContainer(
  cri: Pick<Cri, 'containerStatus' | 'removeContainer'>,
  id: string,
): Promise<void> {
  const logPath = await logPathOf(cri, id)
  await cri.removeContainer(id)
  if (logPath !== '') await removeLog(logPath)
}

/** '' for a container that is not known (any more). */
async function logPathOf(cri: Pick<Cri, 'containerStatus'>, id: string): Promise<string> {
  try {
    return (await cri.containerStatus(id)).logPath ?? ''
  } catch (error) {
    if (isCriError(error) && error.notFound) return ''
    throw error
  }
}

async function removeLog(path: string): Promise<void> {
  const [dir, log] = [dirname(path), basename(path)]
  const names = await readdir(dir).catch((error: NodeJS.ErrnoException) => {
    // The pod's directory went first.
    if (error.code === 'ENOENT') return []
    throw error
  })
  const own = names.filter((name) => name === log || name.startsWith(`${log}.`))
  await Promise.all(own.map((name) => rm(join(dir, name), { force: true })))
}
