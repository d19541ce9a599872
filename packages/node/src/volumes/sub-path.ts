// subPath and subPathExpr: a part of a volume, bound to a place of the agent's own before the container gets it, so that
// whoever writes to the volume cannot turn it into a link to somewhere else in between.

import { mkdir, stat, writeFile } from 'node:fs/promises'
import { dirname, isAbsolute } from 'node:path'
import type { Logger } from '@brume/base/log'
import { mountsBelow } from '@brume/machine/mounts'
import { configProblem } from '../containers/config-problem.ts'
import { expand } from '../containers/expand.ts'
import type { EnvVar } from '../contract.ts'
import { bindMount, unmount } from './mounts.ts'
import { handlePath, openBelow } from './safe-path.ts'

export interface SubPathOptions {
  /** The volume's directory on the node. */
  root: string
  subPath: string
  /** subPathTarget, without symbolic links. */
  target: string
  /** For messages. */
  volume: string
  container: string
  logger: Logger
}

/** '' when the mount has neither. Throws PodProblem. */
export function subPathOf(mount: Record<string, string | undefined>, env: readonly EnvVar[]): string {
  const path = mount['subPathExpr'] ? expanded(mount['subPathExpr'], env) : (mount['subPath'] ?? '')
  if (isAbsolute(path)) throw configProblem(`error SubPath \`${path}\` must not be an absolute path`)
  if (path.split('/').includes('..')) {
    throw configProblem(`unable to provision SubPath \`${path}\`: must not contain '..'`)
  }
  return path
}

/** Mounts it at the target. Idempotent. What is wrong in detail is told to the log only: it is about the node's files. */
export async function bindSubPath(options: SubPathOptions): Promise<void> {
  const { root, subPath, target, volume, container, logger } = options
  try {
    const { mode } = await stat(root)
    const source = await openBelow(root, subPath, mode & 0o7777)
    try {
      const wanted = await source.stat()
      if (await isBound(target, wanted)) return
      await mkdir(dirname(target), { recursive: true, mode: 0o750 })
      if (wanted.isDirectory()) await mkdir(target, { recursive: true, mode: 0o750 })
      else await writeFile(target, '', { mode: 0o640 })
      await bindMount(handlePath(source), target)
    } finally {
      await source.close()
    }
  } catch (cause) {
    logger.warn('a subPath was refused', { volume, container, subPath, error: String(cause) })
    throw configProblem(
      `failed to prepare subPath for volumeMount ${JSON.stringify(volume)} of container ${JSON.stringify(container)}`,
      cause,
    )
  }
}

/** What is mounted there but is something else is taken away. */
async function isBound(target: string, wanted: { dev: number; ino: number }): Promise<boolean> {
  const mounted = mountsBelow(target)
  if (mounted.length === 0) return false
  const found = await stat(target)
  if (mounted.length === 1 && found.dev === wanted.dev && found.ino === wanted.ino) return true
  for (const { path } of mounted) await unmount(path)
  return false
}

function expanded(expression: string, env: readonly EnvVar[]): string {
  const values = new Map(env.map(({ key, value }) => [key, value]))
  const missing = new Set<string>()
  const path = expand(expression, (name) => {
    const value = values.get(name) ?? ''
    if (value === '') missing.add(name)
    return value
  })
  if (missing.size > 0) throw configProblem(`missing value for ${[...missing].sort().join(', ')}`)
  return path
}
