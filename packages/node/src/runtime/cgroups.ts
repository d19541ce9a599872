// The control groups of one cloud: everything of its own lies below one group, in every hierarchy (cgroups(7)).

import { existsSync, readdirSync, readFileSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { mounts } from '@brume/machine/mounts'
import { RuntimeError } from './error.ts'

const LIMIT_MS = 10_000
const RETRY_MS = 20

/** Ends every process in the group and removes it. `path` is below the hierarchies' roots: `/brume`. Idempotent. */
export async function removeCgroup(path: string): Promise<void> {
  const tops = cgroupRoots()
    .map((root) => join(root, path))
    .filter((top) => existsSync(top))
  const limit = Date.now() + LIMIT_MS
  for (const top of tops) {
    // A process that has just been killed is in its group until it is reaped.
    while (!removeTree(top)) {
      if (Date.now() > limit)
        throw new RuntimeError(
          `the control group ${top} is in use`,
          `cat ${top}/cgroup.procs   (says by whom)`,
        )
      await wait(RETRY_MS)
    }
  }
}

/** The mount points of all hierarchies, version 1 and 2. */
export function cgroupRoots(): string[] {
  return mounts()
    .filter(({ type }) => type === 'cgroup' || type === 'cgroup2')
    .map(({ path }) => path)
}

/** Innermost first. False when something is still in use. */
function removeTree(dir: string): boolean {
  const below = readdirSync(dir, { withFileTypes: true }).filter((entry) => entry.isDirectory())
  const emptied = below.map(({ name }) => removeTree(join(dir, name))).every(Boolean)
  for (const pid of readFileSync(join(dir, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean))
    kill(Number(pid))
  try {
    if (emptied) rmdirSync(dir)
    return emptied
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return true
    if (code === 'EBUSY' || code === 'ENOTEMPTY') return false
    throw error
  }
}

function kill(pid: number): void {
  // 0 stands for a process of another namespace: not ours to end.
  if (pid <= 1 || pid === process.pid) return
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
