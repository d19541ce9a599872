// The power fails while a backup takes the place of a store: what is found is the old store or the restored one, whole.

import assert from 'node:assert/strict'
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { type SeededRandom, seededRandom } from '@brume/base/seeded-random'
import type { Store } from '../contract.ts'
import { assertCode, putOf, text } from '../contract-suite/steps.ts'
import { ensureFile, STORE_FILE } from './file.ts'
import { openSqliteStore } from './open.ts'
import { openReadOnly } from './open-read-only.ts'
import { Disk } from './power-loss/disk.ts'
import { writeImage } from './power-loss/image.ts'
import { memoryDirs, record, skip } from './power-loss/recording.ts'
import type { Call, Step } from './power-loss/trace.ts'

const SEED = Number(process.env['BRUME_SEED'] ?? 4711)
const DISKS = process.env['BRUME_SOAK'] === '1' ? 4_000 : 200
const RESTORE = `import { restoreBackup } from '${import.meta.resolve('./restore.ts')}'
restoreBackup({ backup: process.argv[1], dir: process.argv[2] })`

const tempDir = memoryDirs()

for (const isDamaged of [false, true]) {
  const of = isDamaged ? 'a restore of a damaged store' : 'a restore'
  test(`a power loss in ${of} leaves the old store or the restored one (${DISKS} disks, seed ${SEED})`, {
    skip,
  }, async () => {
    const root = tempDir()
    const backup = join(tempDir(), 'backup')
    await leaveStore({ root, backup })
    if (isDamaged) damage(join(root, STORE_FILE))
    const disk = new Disk({ root })
    const forgetful = new Disk({ root, ignoresSync: () => true })
    for (const one of [disk, forgetful]) one.adopt()
    const before = contentIn(disk, seededRandom(0))
    const argv = [process.execPath, '--input-type=module', '-e', RESTORE, '--', backup, root]
    const steps = record({ argv, root, workDir: tempDir(), ends: 0 })
    const after = contentAt(root)

    const found = contentsAfterPowerLosses(disk, steps)
    assert.deepEqual(new Set(found.map(({ content }) => content)), new Set([before, after]))
    for (const { content, isDone } of found)
      if (isDone) assert.equal(content, after, 'what is restored stays')
    const forgotten = contentsAfterPowerLosses(forgetful, steps)
    const isLost = ({ content, isDone }: Found) => content !== after && (isDone || content !== before)
    assert.ok(forgotten.some(isLost), 'a disk that forgets is found to lose')
  })
}

interface Found {
  content: string
  /** The restore was through. */
  isDone: boolean
}

function contentsAfterPowerLosses(disk: Disk, steps: readonly Step[]): Found[] {
  const random = seededRandom(SEED)
  const end = steps.length - 1
  const where = (matters: (call: Call) => boolean) =>
    steps.flatMap((step, at) =>
      'end' in step && step.end.path.startsWith(disk.root) && matters(step.end) ? [at] : [],
    )
  const kinds = [where(() => true), where(({ name }) => name === 'rename'), [end]]
  const moments = Array.from({ length: DISKS }, () => random.pick(random.pick(kinds))).sort((a, b) => a - b)
  const found: Found[] = []
  for (const [index, step] of steps.entries()) {
    disk.apply(step)
    for (; moments[0] === index; moments.shift()) {
      found.push({ content: contentIn(disk, random), isDone: index === end })
    }
  }
  return found
}

/** A store that ended in the middle: what was written last is in the write-ahead log alone. */
async function leaveStore({ root, backup }: { root: string; backup: string }): Promise<void> {
  const dir = tempDir()
  const first = await openSqliteStore({ dir })
  await write(first, 'old')
  await first.backup(backup)
  await write(first, 'new')
  await first.close()
  const last = await openSqliteStore({ dir })
  await write(last, 'newest')
  cpSync(dir, root, { recursive: true })
  await last.close()
}

function damage(file: string): void {
  writeFileSync(file, readFileSync(file).fill(0xa5, 4_096))
}

async function write(store: Store, value: string): Promise<void> {
  for (let round = 0; round < 5; round++) {
    await Promise.all(
      Array.from({ length: 20 }, (_, n) => store.commit(putOf(`pods/${value}-${n}`, value.repeat(300)))),
    )
  }
}

function contentIn(disk: Disk, random: SeededRandom): string {
  const image = tempDir()
  writeImage(disk, image, random)
  try {
    return contentAt(image)
  } finally {
    rmSync(image, { recursive: true })
  }
}

/** What is found there, or why it cannot be read. */
function contentAt(dir: string): string {
  const file = join(dir, STORE_FILE)
  try {
    ensureFile(file)
    const entries = openReadOnly(file).list({ prefix: 'pods' }).entries
    return entries.map((entry) => `${entry.key} ${entry.revision} ${text(entry)}\n`).join('')
  } catch (error) {
    assertCode(error, 'corrupt')
    return String(error).replaceAll(dir, '')
  }
}
