import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { silentLogger } from '@brume/base/log'
import { type RotationOptions, rotateGrown } from './rotate.ts'

let logsDir: string
let dir: string
let log: string
let now = Date.UTC(2026, 10, 20, 10, 0, 0)
beforeEach(async () => {
  logsDir = await mkdtemp(join(tmpdir(), 'brume-logs-'))
  dir = join(logsDir, 'default_p_uid', 'c')
  log = join(dir, '0.log')
  await mkdir(dir, { recursive: true })
})
afterEach(() => rm(logsDir, { recursive: true }))

/** A runtime with one container that runs, which opens its log again when it is told to. */
function options(reopen: () => Promise<unknown> = () => writeFile(log, '')): RotationOptions {
  return {
    cri: {
      listContainers: async () => [{ id: 'one' }],
      containerStatus: async () => ({ logPath: log }),
      reopenContainerLog: async () => {
        await reopen()
        return {}
      },
    },
    clock: { now: () => now, after: () => ({ cancel() {} }) },
    logger: silentLogger,
    logsDir,
    maxBytes: 10,
    maxFiles: 4,
  }
}

test('a grown log is put aside, older ones are packed, the oldest go', async () => {
  for (let round = 0; round < 6; round++) {
    await writeFile(log, `round ${round} of many`)
    now += 60_000
    await rotateGrown(options())
  }
  assert.deepEqual((await readdir(dir)).sort(), [
    '0.log',
    '0.log.20261120-100400.gz',
    '0.log.20261120-100500.gz',
    '0.log.20261120-100600',
  ])
  assert.equal(
    gunzipSync(await readFile(join(dir, '0.log.20261120-100500.gz'))).toString(),
    'round 4 of many',
  )
  assert.equal(await readFile(join(dir, '0.log.20261120-100600'), 'utf8'), 'round 5 of many')
})

test('a small log is left alone', async () => {
  await writeFile(log, 'small')
  await rotateGrown(options(() => Promise.reject(new Error('not to be asked'))))
  assert.deepEqual(await readdir(dir), ['0.log'])
})

test('a log that the runtime does not open again stays where it is', async () => {
  await writeFile(log, 'a log that is too long')
  await rotateGrown(options(() => Promise.reject(new Error('no'))))
  assert.deepEqual(await readdir(dir), ['0.log'])
  assert.equal(await readFile(log, 'utf8'), 'a log that is too long')
})

test('what an interrupted rotation left is taken away', async () => {
  await writeFile(log, 'a log that is too long')
  for (const name of ['0.log.20261120-090000', '0.log.20261120-090000.gz', '0.log.20261120-091000.gz.tmp']) {
    await writeFile(join(dir, name), 'x')
  }
  await rotateGrown(options())
  const left = (await readdir(dir)).sort()
  assert.equal(left.includes('0.log.20261120-090000'), false)
  assert.equal(left.includes('0.log.20261120-091000.gz.tmp'), false)
  assert.equal(left.includes('0.log.20261120-090000.gz'), true)
})
