// Takes away what one cloud's runtime has on this machine: containers, shims, mounts, control groups, state. Survives
// half-removed state, needs no containerd that runs, and touches nothing that is not provably this cloud's: processes
// are known by runc's own records (id with start time), by the socket in a shim's arguments, or by our control group.

import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { findExecutable } from '@brume/machine/executables'
import { mountsBelow } from '@brume/machine/mounts'
import { ownNames } from '@brume/machine/own-names'
import {
  isSameProcess,
  type ProcessId,
  parentOf,
  processId,
  processIds,
  signalProcess,
} from '@brume/machine/process-id'
import { removeTree } from '@brume/machine/remove-tree'
import { RunError, run } from '@brume/machine/run'
import { removeCgroup } from './cgroups.ts'
import { endContainerd } from './containerd.ts'
import { RuntimeError } from './error.ts'
import { argvOf } from './launch.ts'
import { type RuntimePaths, removeLink, runtimePaths } from './paths.ts'

/** containerd keeps its shims' sockets here, whatever its state directory is; their names are hashes of ours. */
const SHIM_SOCKETS = '/run/containerd/s/'
const KILL_LIMIT_MS = 10_000
const RETRY_MS = 20
/** Each is a process of runc's, which mostly waits. */
const REMOVED_AT_ONCE = 8

export interface RemoveOptions {
  dataDir: string
  /** Images too, and all else below DIR/node. Without: what runs, and what belongs to it. */
  images: boolean
}

/** Idempotent. Throws RuntimeError naming what could not be taken away. */
export async function removeRuntime({ dataDir, images }: RemoveOptions): Promise<void> {
  const paths = runtimePaths(dataDir)
  const node = join(resolve(dataDir), 'node')
  await endContainerd(paths)
  const shims = shimsOf(paths)
  const sockets = shimSockets(paths)
  await removeContainers(paths)
  // Those that runc has no record of.
  await killAll(containersOf(shims))
  await killAll(shims)
  await removeCgroup(ownNames(dataDir).cgroup)
  for (const path of sockets) rmSync(path, { force: true })
  await unmountBelow(node)
  rmSync(paths.state, { recursive: true, force: true })
  removeLink(paths)
  if (images) await removeTree(node)
}

/** runc ends all processes of a container, and removes its control groups, wherever they are. */
async function removeContainers(paths: RuntimePaths): Promise<void> {
  const runc = findExecutable('runc')
  const root = join(paths.state, 'runc', 'k8s.io')
  if (runc === undefined) return
  const ids = namesIn(root)
  const remove = (id: string) =>
    run([runc, '--root', root, 'delete', '--force', id]).catch((error) => {
      // A record without its file is what a crash leaves: there is nothing behind it.
      if (!(error instanceof RunError)) throw error
    })
  while (ids.length > 0) await Promise.all(ids.splice(0, REMOVED_AT_ONCE).map(remove))
}

/** A shim is started with the socket of its containerd. */
function shimsOf({ socket }: RuntimePaths): ProcessId[] {
  return processIds()
    .filter((pid) => {
      const argv = argvOf(pid)
      return argv[0]?.includes('containerd-shim') === true && argv[argv.indexOf('-address') + 1] === socket
    })
    .map(processId)
    .filter((id) => id !== undefined)
}

/** The first process of each container is its shim's child; the kernel ends the others with it. */
function containersOf(shims: readonly ProcessId[]): ProcessId[] {
  const parents = new Set(shims.map(({ pid }) => pid))
  return processIds()
    .filter((pid) => parents.has(parentOf(pid) ?? 0))
    .map(processId)
    .filter((id) => id !== undefined)
}

function shimSockets(paths: RuntimePaths): string[] {
  const bundles = join(paths.state, 'io.containerd.runtime.v2.task', 'k8s.io')
  return namesIn(bundles)
    .map((id) => join(bundles, id, 'address'))
    .filter((path) => existsSync(path))
    .map((path) => readFileSync(path, 'utf8').trim().replace('unix://', ''))
    .filter((path) => path.startsWith(SHIM_SOCKETS) && !path.includes('..'))
}

async function killAll(processes: readonly ProcessId[]): Promise<void> {
  for (const id of processes) signalProcess(id, 'SIGKILL')
  const limit = Date.now() + KILL_LIMIT_MS
  while (processes.some(isSameProcess) && Date.now() < limit) await wait(RETRY_MS)
}

/**
 * Nothing may stay mounted: through a bind mount, what is removed next would be the user's own files. A mount that is in
 * use is detached.
 */
async function unmountBelow(dir: string): Promise<void> {
  for (const { path } of mountsBelow(dir)) {
    await run(['umount', path]).catch(() => run(['umount', '-l', path]).catch(() => {}))
  }
  const left = mountsBelow(dir).map(({ path }) => path)
  if (left.length > 0) {
    throw new RuntimeError(
      `cannot unmount ${left.slice(0, 3).join(', ')}${left.length > 3 ? ` and ${left.length - 3} more` : ''}`,
      `umount -l ${left[0]}   (then run this again)`,
    )
  }
}

function namesIn(dir: string): string[] {
  return existsSync(dir) ? readdirSync(dir) : []
}
