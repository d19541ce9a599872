// A disk as a power loss may leave it: what was synced is there; of what was under way everything, nothing or any part,
// sector by sector, and any subset of the names.

import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import type { SeededRandom } from '@brume/base/seeded-random'
import { Content } from './content.ts'
import { type Disk, type Inode, isSharedMemory, rename } from './disk.ts'

const SECTORS = [512, 4_096]
/** How likely something under way has reached the disk. */
const CHANCES = [0, 0.05, 0.5, 0.95, 1]

/** Writes one of the possible images into `target`, an empty folder that stands for the disk's root. */
export function writeImage(disk: Disk, target: string, random: SeededRandom): void {
  const names = new Map(disk.durableNames)
  const kept = random.pick(CHANCES)
  for (const naming of disk.namesUnderWay) if (random.chance(kept)) rename(names, naming)
  const isThere = (path: string): boolean =>
    path === disk.root || (names.get(path)?.isFolder === true && isThere(dirname(path)))
  // Folders come before what is in them.
  for (const [path, inode] of [...names].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (!isThere(dirname(path))) continue
    const to = join(target, relative(disk.root, path))
    if (inode.isFolder) mkdirSync(to)
    else
      writeFileSync(to, isSharedMemory(path) ? noiseLike(inode.now(), random) : contentOf(inode, random), {
        mode: 0o600,
      })
  }
}

function contentOf(inode: Inode, random: SeededRandom): Buffer {
  const sector = random.pick(SECTORS)
  const kept = random.pick(CHANCES)
  // A file that has grown by sectors that were never written has zeros there, or what lay there before.
  const content = new Content(
    inode.durable.bytes,
    random.chance(0.3) ? (gap) => noise(gap, random) : undefined,
  )
  // Half of the disks keep the order: everything up to somewhere, and of the next one a part.
  const torn = random.chance(0.5) ? random.below(inode.underWay.length + 1) : undefined
  for (const [index, { change }] of inode.underWay.entries()) {
    const chance = torn === undefined ? kept : index < torn ? 1 : index === torn ? 0.5 : 0
    if ('size' in change) {
      if (random.chance(chance)) content.apply(change)
      continue
    }
    const { at, bytes } = change
    for (let from = 0; from < bytes.byteLength; ) {
      const to = from + sector - ((at + from) % sector)
      if (random.chance(chance)) content.apply({ at: at + from, bytes: bytes.subarray(from, to) })
      from = to
    }
  }
  return content.bytes
}

function noise(bytes: Buffer, random: SeededRandom): void {
  for (let at = 0; at < bytes.byteLength; at++) bytes[at] = random.below(256)
}

function noiseLike(bytes: Buffer, random: SeededRandom): Buffer {
  noise(bytes, random)
  return bytes
}
