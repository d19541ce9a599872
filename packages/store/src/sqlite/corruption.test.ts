// Bytes of the file are flipped at random places. Every open then either refuses with 'corrupt' and says what to do,
// or the byte did not matter and everything is there: never a store that differs silently.

import assert from 'node:assert/strict'
import { copyFileSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { seededRandom } from '@brume/base/seeded-random'
import { putOf } from '../contract-suite/steps.ts'
import { tempDirs } from '../temp-dir.ts'
import { STORE_FILE } from './file.ts'
import { openSqliteStore } from './open.ts'
import { openReadOnly } from './open-read-only.ts'

const FLIPS = 150
const tempDir = tempDirs()
const original = join(tempDir(), 'original')
let content: unknown

before(async () => {
  mkdirSync(original)
  const store = await openSqliteStore({ dir: original })
  for (let round = 0; round < 3; round++) {
    await Promise.all(
      Array.from({ length: 60 }, (_, n) => store.commit(putOf(`pods/${n}`, `${n}`.repeat(n * 20)))),
    )
  }
  await Promise.all([3, 5].map((n) => store.commit({ kind: 'delete', key: `pods/${n}`, expect: undefined })))
  await store.close()
  content = contentOf(join(original, STORE_FILE))
})

test(`a flipped byte is found or harmless (${FLIPS} places)`, () => {
  const random = seededRandom(4711)
  const bytes = readFileSync(join(original, STORE_FILE))
  const file = join(tempDir(), STORE_FILE)
  let found = 0
  for (let i = 0; i < FLIPS; i++) {
    const at = random.below(bytes.byteLength)
    const bit = 1 << random.below(8)
    const damaged = Buffer.from(bytes)
    damaged[at]! ^= bit
    writeFileSync(file, damaged)
    try {
      assert.deepEqual(contentOf(file), content, `byte ${at}, bit ${bit}`)
    } catch (error) {
      assertCorrupt(error, `byte ${at}, bit ${bit}`)
      found++
    }
  }
  assert.ok(found > FLIPS / 4, `${found} of ${FLIPS} were found`)
})

test('a damaged file is refused with the next step, and left as it is', async () => {
  const dir = tempDir()
  const file = join(dir, STORE_FILE)
  copyFileSync(join(original, STORE_FILE), file)
  const bytes = readFileSync(file)
  bytes.fill(0xa5, 4_096, 8_192)
  writeFileSync(file, bytes)
  await assert.rejects(openSqliteStore({ dir }), (error) => {
    assertCorrupt(error, 'a page')
    assert.ok(error instanceof Error && error.message.includes(file))
    return true
  })
  assert.deepEqual(readFileSync(file), bytes)
})

test('a file that was cut, emptied, or is no database is refused', async () => {
  for (const damage of [
    (file: string) => truncateSync(file, 12_288),
    (file: string) => truncateSync(file, 0),
    (file: string) => writeFileSync(file, 'not a database, but long enough to look at'.repeat(100)),
  ]) {
    const dir = tempDir()
    const file = join(dir, STORE_FILE)
    copyFileSync(join(original, STORE_FILE), file)
    damage(file)
    await assert.rejects(openSqliteStore({ dir }), { code: 'corrupt' })
  }
})

function contentOf(file: string): unknown {
  const store = openReadOnly(file)
  const { entries, revision } = store.list({ prefix: 'pods' })
  const history: unknown[] = []
  for (let past = store.compactedRevision; past <= revision; past += 20) {
    history.push(
      store.list({ prefix: 'pods', revision: past }).entries.map((entry) => entry.value.toString()),
    )
  }
  const state = entries.map(({ key, revision, createRevision, value }) => [
    key,
    revision,
    createRevision,
    value.toString(),
  ])
  void store.close()
  return { state, revision, history }
}

function assertCorrupt(error: unknown, where: string): void {
  assert.ok(error instanceof Error && 'code' in error, `${where}: ${error}`)
  if (error.code === 'ERR_ASSERTION') throw error
  assert.equal(error.code, 'corrupt', `${where}: ${error.message}`)
  assert.match(error.message, /brume restore/)
}
