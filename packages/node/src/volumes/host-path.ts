// hostPath: a file or directory of the node itself, which must be of the kind that the pod expects.

import { mkdir, open, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

type Stats = Awaited<ReturnType<typeof stat>>

const KINDS: Readonly<Record<string, readonly [what: string, is: (found: Stats) => boolean]>> = {
  Directory: ['a directory', (found) => found.isDirectory()],
  DirectoryOrCreate: ['a directory', (found) => found.isDirectory()],
  File: ['a file', (found) => found.isFile()],
  FileOrCreate: ['a file', (found) => found.isFile()],
  Socket: ['a socket file', (found) => found.isSocket()],
  CharDevice: ['a character device', (found) => found.isCharacterDevice()],
  BlockDevice: ['a block device', (found) => found.isBlockDevice()],
}

/** '' takes whatever is there, or nothing. Throws errors of the file system, and Error for another kind. */
export async function ensureHostPath(path: string, type: string, dirMode = 0o755): Promise<void> {
  if (type === '') return
  const kind = KINDS[type]
  if (kind === undefined) throw new Error(`${type} is an invalid volume type`)
  let found = await statOf(path)
  if (found === undefined && type === 'DirectoryOrCreate') {
    await mkdir(dirname(path), { recursive: true, mode: 0o755 })
    await makeDir(path, dirMode)
  }
  if (found === undefined && type === 'FileOrCreate') await (await open(path, 'a', 0o644)).close()
  found ??= await statOf(path)
  const [what, is] = kind
  if (found === undefined || !is(found)) throw new Error(`hostPath type check failed: ${path} is not ${what}`)
}

/** With exactly this mode, whatever the process's umask. */
async function makeDir(path: string, mode: number): Promise<void> {
  await mkdir(path, { recursive: true })
  const dir = await open(path, 'r')
  try {
    await dir.chmod(mode)
  } finally {
    await dir.close()
  }
}

async function statOf(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
