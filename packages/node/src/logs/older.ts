// The part of a log that was put aside last and is not packed yet.

import { type FileHandle, open, readdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { PACKED, UNFINISHED } from './rotate.ts'

/** undefined: there is none. `current` may itself have been put aside since it was opened. */
export async function olderPart(path: string, current: FileHandle): Promise<FileHandle | undefined> {
  const dir = dirname(path)
  const names = (await readdir(dir)).filter((name) => isPart(name, basename(path)))
  const { ino } = await current.stat()
  for (const name of names.sort().reverse()) {
    const file = await open(join(dir, name)).catch((error: NodeJS.ErrnoException) => {
      // Packed or removed meanwhile.
      if (error.code === 'ENOENT') return undefined
      throw error
    })
    if (file === undefined || (await file.stat()).ino !== ino) return file
    await file.close()
  }
  return undefined
}

function isPart(name: string, log: string): boolean {
  return name.startsWith(`${log}.`) && !name.endsWith(PACKED) && !name.endsWith(UNFINISHED)
}
