// Takes a directory away with everything in it, also where its paths are longer than the kernel takes: whoever could write
// there may have made a directory within a directory, a thousand times.

import { readdir, rename, rm } from 'node:fs/promises'

/** The kernel takes 4095 bytes of a path, and 255 of a name. */
const LONG_BYTES = 2000

/** Two who remove the same get in each other's way, and so does what `rm` had begun when it gave up. */
const MAX_TRIES = 20

let moved = 0

/** Nothing there is no error. Follows no link. Nobody may write there meanwhile. Throws errors of the file system. */
export async function removeTree(path: string): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      return await rm(path, { recursive: true, force: true })
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException
      if (!['ENAMETOOLONG', 'ENOTEMPTY'].includes(code) || tries === MAX_TRIES) throw error
      await flatten(path)
    }
  }
}

async function entriesOf(dir: Buffer) {
  return (await readdir(dir, { withFileTypes: true, encoding: 'buffer' }).catch(unlessGone)) ?? []
}

function unlessGone(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error
}

/** Directories that lie too deep are put below the top. Names are bytes: not all of them are text. */
async function flatten(root: string): Promise<void> {
  const dirs = [Buffer.from(root)]
  for (let dir = dirs.pop(); dir !== undefined; dir = dirs.pop()) {
    for (const entry of await entriesOf(dir)) {
      if (!entry.isDirectory()) continue
      const path = Buffer.concat([dir, Buffer.from('/'), entry.name])
      if (path.length <= LONG_BYTES) {
        dirs.push(path)
        continue
      }
      const near = Buffer.from(`${root}/.deep-${process.pid}-${moved++}`)
      await rename(path, near).catch(unlessGone)
      dirs.push(near)
    }
  }
}
