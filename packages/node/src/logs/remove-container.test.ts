import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { removeContainer } from './remove-container.ts'

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'brume-logs-'))
})
afterEach(() => rm(dir, { recursive: true, force: true }))

function runtime(logPath: string, remove: () => Promise<unknown> = async () => ({})) {
  return {
    containerStatus: async () => ({ logPath }),
    removeContainer: async () => {
      await remove()
      return {}
    },
  }
}

test('a container takes its log and its parts with it, and no other', async () => {
  const names = ['1.log', '1.log.20261120-100000', '1.log.20261120-090000.gz', '11.log', '0.log', '1.logs']
  for (const name of names) await writeFile(join(dir, name), 'x')
  await removeContainer(runtime(join(dir, '1.log')), 'one')
  assert.deepEqual((await readdir(dir)).sort(), ['0.log', '1.logs', '11.log'])
})

test('the log stays while the container does', async () => {
  await writeFile(join(dir, '1.log'), 'x')
  const refusing = runtime(join(dir, '1.log'), () => Promise.reject(new Error('it runs')))
  await assert.rejects(removeContainer(refusing, 'one'), /it runs/)
  assert.deepEqual(await readdir(dir), ['1.log'])
})

test('a log that went before, or never was, is no trouble', async () => {
  await removeContainer(runtime(join(dir, 'gone', '1.log')), 'one')
  await removeContainer(runtime(''), 'one')
})
