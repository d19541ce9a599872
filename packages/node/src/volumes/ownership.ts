// fsGroup: the files of a volume belong to a group of the pod (Kubernetes' "Configure a Security Context for a Pod").

import { chmod, lchown, lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'

/** Of directories: what is made in them belongs to the group too. */
const DIR_BITS = 0o2770
const FILE_BITS = 0o660

export type ChangePolicy = 'Always' | 'OnRootMismatch'

/** The whole tree, the root last, so that a call that was cut short is seen to be unfinished. */
export async function giveToGroup(dir: string, gid: number, policy: ChangePolicy): Promise<void> {
  if (policy === 'OnRootMismatch' && (await isGiven(dir, gid))) return
  await giveBelow(dir, gid)
  await give(dir, gid)
}

async function isGiven(dir: string, gid: number): Promise<boolean> {
  const found = await lstat(dir)
  return found.gid === gid && (found.mode & DIR_BITS) === DIR_BITS
}

async function giveBelow(dir: string, gid: number): Promise<void> {
  for (const entry of await readdir(dir, { withFileTypes: true })) {
    const path = join(dir, entry.name)
    if (entry.isDirectory()) await giveBelow(path, gid)
    await give(path, gid)
  }
}

/** A link itself, never what it leads to. */
async function give(path: string, gid: number): Promise<void> {
  const found = await lstat(path)
  await lchown(path, found.uid, gid)
  if (found.isSymbolicLink()) return
  await chmod(path, (found.mode & 0o7777) | (found.isDirectory() ? DIR_BITS : FILE_BITS))
}
