// The containers of a data directory, when the cloud itself does not run: ended, or taken away with all that they have
// on this machine.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { RuntimeError } from '@brume/node/runtime/error'
import type { DataDir } from './data-dir.ts'
import { UserError } from './user-error.ts'

/** A containerd of this directory runs, and most likely containers with it. */
export function hasRuntime(dir: DataDir): boolean {
  return existsSync(join(dir.root, 'node', 'containerd', 'containerd.json'))
}

/** Ends all pods in order, at most `graceSeconds` each; gives their number. Idempotent. Throws UserError. */
export async function endWorkloads(dir: DataDir, graceSeconds: number): Promise<number> {
  if (!hasNode(dir)) return 0
  needRoot(`sudo ./brume down --stop-workloads --data-dir ${dir.root}`)
  const { stopWorkloads } = await import('@brume/node/runtime/stop-workloads')
  await endHttpEdge(dir)
  return explained(stopWorkloads({ dataDir: dir.root, graceSeconds }))
}

/** Containers, mounts, bridge, rules and images of this cloud; never another's. Idempotent. Throws UserError. */
export async function removeNode(dir: DataDir): Promise<void> {
  if (!hasNode(dir)) return
  needRoot(`sudo ./brume reset --data-dir ${dir.root}`)
  await endHttpEdge(dir)
  const { removeRuntime } = await import('@brume/node/runtime/remove')
  const { removeNetwork } = await import('@brume/node/network/remove')
  await explained(removeNetwork(dir.root))
  await explained(removeRuntime({ dataDir: dir.root, images: true }))
}

async function endHttpEdge(dir: DataDir): Promise<void> {
  const { endEdge } = await import('./local-edge.ts')
  await endEdge(dir)
}

function hasNode(dir: DataDir): boolean {
  return existsSync(join(dir.root, 'node'))
}

function needRoot(next: string): void {
  if (process.getuid?.() !== 0) throw new UserError('ending containers needs root', next)
}

async function explained<T>(done: Promise<T>): Promise<T> {
  try {
    return await done
  } catch (error) {
    if (!(error instanceof RuntimeError)) throw error
    throw new UserError(error.message, error.next, { cause: error })
  }
}
