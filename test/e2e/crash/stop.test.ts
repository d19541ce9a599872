// The ways a cloud ends and begins: SIGTERM under load and with many watches, a second start, leftovers of a crash,
// `brume down`, `brume reset`, a directory that cannot be written.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { seededRandom } from '@brume/base/seeded-random'
import { CONFIG_MAPS, SECRETS } from '@brume/client/builtin'
import { Generations } from './generations.ts'
import { runMain, type ServerProcess, startServer } from './server-process.ts'

const LIMIT = { timeout: 120_000 }
/** The outside contract: SIGTERM ends within 10 s. */
const STOP_LIMIT_MS = 10_000
const WATCHES = 500
const WATCHES_PER_CONNECTION = 100

/** Any process that is left is killed, and the directory goes. */
async function withDataDir(
  body: (dataDir: string, start: () => ServerProcess) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'brume-stop-'))
  const servers: ServerProcess[] = []
  const dataDir = join(folder, 'data')
  try {
    await body(dataDir, () => {
      const server = startServer(dataDir)
      servers.push(server)
      return server
    })
  } finally {
    for (const server of servers) await server.kill('SIGKILL')
    await rm(folder, { recursive: true, force: true })
  }
}

const STOPPED = { code: 0, signal: null }

test('SIGTERM under load ends in time with exit 0, and nothing acknowledged is lost', LIMIT, () =>
  withDataDir(async (dataDir) => {
    const cloud = new Generations({ dataDir, random: seededRandom(5) })
    try {
      for (let stop = 0; stop < 2; stop++) {
        const { server } = await cloud.start()
        let sentAt = 0
        const exit = await cloud.writeThenEnd(server, 100, 'SIGTERM', () => {
          sentAt = Date.now()
        })
        assert.deepEqual(exit, STOPPED, server.stderr)
        assert.ok(Date.now() - sentAt < STOP_LIMIT_MS, `it took ${Date.now() - sentAt} ms`)
      }
      await cloud.start()
      assert.ok(cloud.ledger.acknowledgements >= 200)
    } finally {
      await cloud.end()
    }
  }),
)

test(
  `SIGTERM with ${WATCHES} open watches ends in time with exit 0; every watch is ended properly`,
  LIMIT,
  () =>
    withDataDir(async (_dataDir, start) => {
      const server = start()
      await server.ready()
      const ends: Promise<string>[] = []
      for (let n = 0; n < WATCHES / WATCHES_PER_CONNECTION; n++) {
        const resource = server.connect().resource(CONFIG_MAPS)
        for (let m = 0; m < WATCHES_PER_CONNECTION; m++) {
          const events = await resource.watch({ namespace: 'default', resourceVersion: '0' })
          ends.push(endOf(events))
        }
      }
      const sentAt = Date.now()
      assert.deepEqual(await server.kill('SIGTERM'), STOPPED, server.stderr)
      assert.ok(Date.now() - sentAt < STOP_LIMIT_MS, `it took ${Date.now() - sentAt} ms`)
      assert.deepEqual(new Set(await Promise.all(ends)), new Set(['ended']))
    }),
)

async function endOf(events: AsyncIterable<unknown>): Promise<string> {
  try {
    for await (const _ of events);
    return 'ended'
  } catch (error) {
    return String(error)
  }
}

test('SIGTERM before it is ready ends with exit 0', LIMIT, () =>
  withDataDir(async (dataDir, start) => {
    const server = start()
    await server.printed('api: ')
    assert.deepEqual(await server.kill('SIGTERM'), STOPPED, server.stderr)
    assert.equal(existsSync(join(dataDir, 'running.json')), false)
  }),
)

test('a second start on the same data says who holds it and what to do, and disturbs nothing', LIMIT, () =>
  withDataDir(async (dataDir, start) => {
    const server = start()
    const client = await server.ready()
    const second = await runMain(['up', '--data-dir', dataDir, '--listen', '127.0.0.1:0', '--no-node'])
    assert.equal(second.code, 1)
    assert.match(second.stderr, new RegExp(`is in use by process ${server.pid}`))
    assert.match(second.stderr, /^next: .*brume down --data-dir/m)
    assert.equal(second.stdout, '')
    const running = JSON.parse(readFileSync(join(dataDir, 'running.json'), 'utf8'))
    assert.equal(running.pid, server.pid)
    await client.resource(CONFIG_MAPS).list({ namespace: 'default' })
  }),
)

test('of two first starts at once one runs, with the keys that are on the disk', LIMIT, () =>
  withDataDir(async (dataDir, start) => {
    const outcomes = await Promise.allSettled([start(), start()].map((server) => server.ready()))
    const [running, ...others] = outcomes.filter((outcome) => outcome.status === 'fulfilled')
    assert.ok(running !== undefined && others.length === 0, JSON.stringify(outcomes))
    const metadata = { name: 'secret', namespace: 'default' }
    const data = { text: 'aGVsbG8=' }
    await running.value.resource(SECRETS).create({ apiVersion: 'v1', kind: 'Secret', metadata, data })
    const { pid } = JSON.parse(readFileSync(join(dataDir, 'running.json'), 'utf8'))
    const authority = readFileSync(join(dataDir, 'pki', 'ca.crt'), 'utf8')
    process.kill(pid, 'SIGKILL')
    const client = await start().ready()
    assert.deepEqual((await client.resource(SECRETS).get(metadata))['data'], data)
    assert.equal(readFileSync(join(dataDir, 'pki', 'ca.crt'), 'utf8'), authority)
  }),
)

test('reset refuses a directory that somebody runs on unannounced', LIMIT, () =>
  withDataDir(async (dataDir, start) => {
    const server = start()
    const client = await server.ready()
    rmSync(join(dataDir, 'running.json'))
    const { code, stderr } = await runMain(['reset', '--data-dir', dataDir, '--yes'])
    assert.equal(code, 1)
    assert.match(stderr, new RegExp(`is in use by process ${server.pid}`))
    await client.resource(CONFIG_MAPS).list({ namespace: 'default' })
  }),
)

test('restore refuses while the cloud runs', LIMIT, () =>
  withDataDir(async (dataDir, start) => {
    const server = start()
    await server.ready()
    const backup = join(dataDir, '..', 'backup')
    writeFileSync(backup, '')
    const { code, stderr } = await runMain(['restore', backup, '--data-dir', dataDir])
    assert.equal(code, 1)
    assert.match(stderr, /is in use by process/)
    assert.match(stderr, /^next: .*brume down --data-dir/m)
  }),
)

test('leftovers of a crash do not keep it from starting, and down knows that nothing runs', LIMIT, () =>
  withDataDir(async (dataDir, start) => {
    const first = start()
    await first.ready()
    await first.kill('SIGKILL')
    const running = join(dataDir, 'running.json')
    assert.ok(existsSync(running), 'a killed server leaves its file')
    const nothing = await runMain(['down', '--data-dir', dataDir])
    assert.deepEqual([nothing.code, nothing.stdout], [0, `nothing runs on ${dataDir}\n`])

    // The process id was given to another program since; then half a file, as a crash may leave it.
    for (const text of [JSON.stringify({ pid: process.pid, url: 'https://127.0.0.1:1' }), '{"pid":']) {
      writeFileSync(running, text)
      const { code, stdout } = await runMain(['down', '--data-dir', dataDir])
      assert.deepEqual([code, stdout], [0, `nothing runs on ${dataDir}\n`], text)
    }
    const second = start()
    await second.ready()
    assert.equal(JSON.parse(readFileSync(running, 'utf8')).pid, second.pid)
    assert.deepEqual(await second.kill('SIGTERM'), STOPPED)
    assert.equal(existsSync(running), false)
  }),
)

test('down stops it, reset removes its state and leaves what is not its own', LIMIT, () =>
  withDataDir(async (dataDir, start) => {
    const first = start()
    const client = await first.ready()
    const metadata = { name: 'kept', namespace: 'default' }
    await client.resource(CONFIG_MAPS).create({ apiVersion: 'v1', kind: 'ConfigMap', metadata })
    const down = await runMain(['down', '--data-dir', dataDir])
    assert.equal(down.code, 0, down.stderr)
    assert.match(down.stdout, /^stopped https:\/\/127\.0\.0\.1:\d+\n$/)
    assert.deepEqual(await first.exited, STOPPED)

    const second = start()
    await (await second.ready()).resource(CONFIG_MAPS).get(metadata)
    writeFileSync(join(dataDir, 'notes.txt'), 'mine')
    const reset = await runMain(['reset', '--data-dir', dataDir, '--yes'])
    assert.equal(reset.code, 0, reset.stderr)
    assert.deepEqual(await second.exited, STOPPED)
    assert.deepEqual(execFileSync('ls', ['-A', dataDir], { encoding: 'utf8' }), 'notes.txt\n')

    const third = await start().ready()
    const { items } = await third.resource(CONFIG_MAPS).list({ namespace: 'default' })
    assert.ok(!items.some((item) => item.metadata.name === 'kept'))
  }),
)

test('reset refuses a folder that is no data directory', LIMIT, () =>
  withDataDir(async (dataDir) => {
    mkdirSync(dataDir)
    writeFileSync(join(dataDir, 'notes.txt'), 'mine')
    const { code, stderr } = await runMain(['reset', '--data-dir', dataDir, '--yes'])
    assert.equal(code, 1)
    assert.match(stderr, /is no data directory of Brume: nothing was removed\nnext: /)
    assert.ok(existsSync(join(dataDir, 'notes.txt')))
  }),
)

test('a data directory that cannot be written is a sentence with the next step', LIMIT, () =>
  withDataDir(async (dataDir, start) => {
    const server = start()
    await server.ready()
    assert.deepEqual(await server.kill('SIGTERM'), STOPPED)
    const mend = makeReadOnly(dataDir)
    try {
      const { code, stdout, stderr } = await runMain(['up', '--data-dir', dataDir, '--no-node'])
      assert.equal(code, 1, stderr)
      assert.equal(stdout, '')
      assert.doesNotMatch(stderr, /unexpected|\n {4}at /, 'no stack trace')
      assert.match(stderr, new RegExp(`^brume up: .*${dataDir}`))
      assert.match(stderr, /^next: .+/m)
    } finally {
      mend()
    }
  }),
)

/** For root permissions mean nothing: a read-only mount does. */
function makeReadOnly(dataDir: string): () => void {
  if (process.getuid?.() !== 0) {
    for (const name of ['', 'store', 'pki']) chmodSync(join(dataDir, name), 0o500)
    return () => {
      for (const name of ['', 'store', 'pki']) chmodSync(join(dataDir, name), 0o700)
    }
  }
  execFileSync('mount', ['--bind', dataDir, dataDir])
  execFileSync('mount', ['-o', 'remount,ro,bind', dataDir])
  return () => execFileSync('umount', [dataDir])
}

test('a data directory that is a file, or below one, is a sentence with the next step', LIMIT, () =>
  withDataDir(async (dataDir) => {
    writeFileSync(dataDir, 'a file')
    for (const path of [dataDir, join(dataDir, 'below')]) {
      const { code, stderr } = await runMain(['up', '--data-dir', path, '--no-node'])
      assert.equal(code, 1)
      assert.match(stderr, /^brume up: cannot use the data directory .*\nnext: Name one/)
    }
    rmSync(dataDir)
  }),
)
