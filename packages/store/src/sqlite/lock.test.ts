import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { putOf } from '../contract-suite/steps.ts'
import { tempDirs } from '../temp-dir.ts'
import type { CrashOptions } from './crash-child.ts'
import { openSqliteStore } from './open.ts'

const tempDir = tempDirs()

test('a second process is told who holds the store, and gets it once that one was killed', async () => {
  const dir = tempDir()
  const options: CrashOptions = { dir, seed: 1, writers: 24, maxValueBytes: 6_000 }
  const argv = [join(import.meta.dirname, 'crash-child.ts'), JSON.stringify(options)]
  const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.includes('acknowledged')) break
  }
  await assert.rejects(openSqliteStore({ dir }), (error) => {
    assert.ok(error instanceof Error && 'code' in error)
    assert.equal(error.code, 'locked')
    assert.match(error.message, new RegExp(`process ${child.pid}\\b`))
    assert.match(error.message, /brume down/)
    return true
  })
  child.stdout.resume()
  child.kill('SIGKILL')
  await exited
  const store = await openSqliteStore({ dir })
  assert.ok(store.list({ prefix: 'pods' }).entries.length > 0)
  await store.close()
})

test('a second store of the same process is refused until the first is closed', async () => {
  const dir = tempDir()
  const store = await openSqliteStore({ dir })
  await assert.rejects(openSqliteStore({ dir }), { code: 'locked' })
  await store.commit(putOf('pods/a', 'still works'))
  await store.close()
  const second = await openSqliteStore({ dir })
  await second.close()
})
