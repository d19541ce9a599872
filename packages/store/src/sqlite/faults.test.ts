import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { failure, putOf, Seen, text } from '../contract-suite/steps.ts'
import { tempDirs } from '../temp-dir.ts'
import { COMMIT_DELAY_MS, DIE, MAX_PAGES, makeFaults } from './faults.ts'
import { openSqliteStore } from './open.ts'

const tempDir = tempDirs()
const LARGE = 'x'.repeat(100_000)

test('a full disk rejects as unavailable, publishes nothing, and the store goes on when there is room', async () => {
  const dir = tempDir()
  const faults = makeFaults()
  const store = await openSqliteStore({ dir, faults })
  const first = await store.commit(putOf('pods/a', 'one'))
  const seen = new Seen(store, { prefix: 'pods', after: store.revision })
  Atomics.store(faults, MAX_PAGES, 1)
  const outcomes = [store.commit(putOf('pods/a', LARGE)), store.commit(putOf('pods/b', LARGE))]
  for (const outcome of outcomes) assert.equal((await failure(outcome, 'unavailable')).retryable, true)
  assert.equal(store.get('pods/a'), first)
  assert.equal(store.getPending('pods/a'), first)
  assert.equal(store.getPending('pods/b'), undefined)
  assert.equal(store.revision, first.revision)

  Atomics.store(faults, MAX_PAGES, 0)
  const again = await store.commit(putOf('pods/b', LARGE, { absent: true }))
  assert.ok(again.revision > first.revision)
  assert.deepEqual(
    seen.events.map((event) => event.revision),
    [again.revision],
  )
  await store.close()

  const reopened = await openSqliteStore({ dir })
  assert.deepEqual(
    reopened.list({ prefix: 'pods' }).entries.map((entry) => entry.revision),
    [first.revision, again.revision],
  )
  await reopened.close()
})

test('an operation that was built on a failed one fails too, the others do not', async () => {
  const faults = makeFaults()
  const store = await openSqliteStore({ dir: tempDir(), faults })
  await store.commit(putOf('pods/a', 'one'))
  Atomics.store(faults, COMMIT_DELAY_MS, 50)
  Atomics.store(faults, MAX_PAGES, 1)
  const failing = failure(store.commit(putOf('pods/a', LARGE)), 'unavailable')
  // The next turn, so that the following ones are not in the same batch.
  await new Promise(setImmediate)
  const built = failure(store.commit(putOf('pods/a', 'three', store.getPending('pods/a'))), 'unavailable')
  const other = store.commit({ kind: 'delete', key: 'pods/a', expect: undefined })
  const unrelated = store.commit(putOf('nodes/n', 'small'))
  await failing
  Atomics.store(faults, MAX_PAGES, 0)
  await built
  await failure(other, 'unavailable')
  assert.equal(text(await unrelated), 'small')
  assert.equal(text(store.get('pods/a')), 'one')
  await store.close()
})

for (const [die, when] of [
  [1, 'before it commits'],
  [2, 'after it has committed'],
] as const) {
  test(`a writer thread that dies ${when} is started again: the batch is there once`, async () => {
    const dir = tempDir()
    const faults = makeFaults()
    const store = await openSqliteStore({ dir, faults })
    await store.commit(putOf('pods/a', 'one'))
    const seen = new Seen(store, { prefix: 'pods', after: store.revision })
    Atomics.store(faults, DIE, die)
    const entries = await Promise.all(['b', 'c'].map((name) => store.commit(putOf(`pods/${name}`, name))))
    assert.equal(Atomics.load(faults, DIE), 0, 'it did die')
    assert.equal(text(await store.commit(putOf('pods/d', 'later'))), 'later')
    assert.equal(seen.events.length, 3)
    await store.close()
    const reopened = await openSqliteStore({ dir })
    for (const { key, revision } of entries) assert.equal(reopened.get(key)?.revision, revision)
    assert.equal(reopened.list({ prefix: 'pods' }).entries.length, 4)
    await reopened.close()
  })
}

test('reads and the event loop go on while the disk is slow', async () => {
  const faults = makeFaults()
  const store = await openSqliteStore({ dir: tempDir(), faults })
  const entry = await store.commit(putOf('pods/a', 'one'))
  Atomics.store(faults, COMMIT_DELAY_MS, 300)
  let done = false
  const slow = store.commit(putOf('pods/a', 'two')).then(() => {
    done = true
  })
  let turns = 0
  for (; !done; turns++) {
    assert.equal(store.get('pods/a'), entry)
    await new Promise(setImmediate)
  }
  await slow
  assert.ok(turns > 10, `the event loop turned ${turns} times during a commit`)
  await store.close()
})

test('a file system without room is a full disk: the store goes on when there is room', {
  skip: canMount() ? false : 'mounting a small tmpfs needs root',
}, async () => {
  const dir = tempDir()
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', dir])
  try {
    const ballast = join(dir, 'ballast')
    writeFileSync(ballast, Buffer.alloc(500_000))
    const store = await openSqliteStore({ dir })
    const kept: string[] = []
    const rejected = await untilRejected(async (n) => {
      kept.push((await store.commit(putOf(`pods/${n}`, LARGE))).key)
    })
    assert.equal(rejected.code, 'unavailable')
    rmSync(ballast)
    kept.push((await store.commit(putOf('pods/z', LARGE))).key)
    await store.close()
    const reopened = await openSqliteStore({ dir })
    assert.deepEqual(
      reopened.list({ prefix: 'pods' }).entries.map((entry) => entry.key),
      kept,
    )
    await reopened.close()
  } finally {
    execFileSync('umount', [dir])
  }
})

test('a disk that refuses writes is unavailable: the store goes on when it takes them again', {
  skip: hasCommand('prlimit') ? false : 'limiting the file size of a process needs prlimit (util-linux)',
}, async () => {
  const dir = tempDir()
  const limit = 2_000_000
  const child = join(import.meta.dirname, 'refused-child.ts')
  const run = () =>
    execFileSync('prlimit', [`--fsize=${limit}:unlimited`, process.execPath, child, dir], {
      encoding: 'utf8',
    })
  const { kept, rejected } = JSON.parse(run()) as { kept: string[]; rejected: string }
  assert.equal(rejected, 'unavailable')
  assert.ok(kept.includes('pods/last'))
  const reopened = await openSqliteStore({ dir })
  assert.deepEqual(
    reopened.list({ prefix: 'pods' }).entries.map((entry) => entry.key),
    kept.sort(),
  )
  await reopened.close()
})

test('a directory that cannot be used is unavailable', async () => {
  const file = join(tempDir(), 'a-file')
  writeFileSync(file, '')
  await failure(openSqliteStore({ dir: join(file, 'store') }), 'unavailable')
})

/** More than fits. */
const MAX_WRITES = 9

async function untilRejected(write: (n: number) => Promise<void>): Promise<{ code: string }> {
  for (let n = 0; n < MAX_WRITES; n++) {
    try {
      await write(n)
    } catch (error) {
      assert.ok(error instanceof Error && 'code' in error)
      return { code: String(error.code) }
    }
  }
  assert.fail('the disk never got full')
}

function hasCommand(name: string): boolean {
  try {
    execFileSync(name, ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

function canMount(): boolean {
  if (process.getuid?.() !== 0) return false
  const dir = tempDir()
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', dir], { stdio: 'ignore' })
    execFileSync('umount', [dir])
    return true
  } catch {
    return false
  }
}
