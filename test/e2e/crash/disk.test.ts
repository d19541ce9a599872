// A disk that is slow, and a disk that is full: what clients are told, what goes on, and that nothing is lost.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { seededRandom } from '@brume/base/seeded-random'
import { CONFIG_MAPS } from '@brume/client/builtin'
import type { Client } from '@brume/client/client'
import { headerOf } from '@brume/client/transport'
import { Generations } from './generations.ts'
import { KINDS } from './kinds.ts'
import { type ServerProcess, startServer } from './server-process.ts'
import { KindWatcher } from './watchers.ts'

const FAULTY = join(import.meta.dirname, 'faulty-main.ts')
const SEED = Number(process.env['BRUME_SEED'] ?? 3)
const LIMIT = { timeout: 120_000 }
const COMMIT_DELAY_MS = 25
const VALUE = 'x'.repeat(50_000)
/** More than fits. */
const MAX_WRITES = 400
const TMPFS_BYTES = 12 * 1024 * 1024
const BALLAST_BYTES = 6 * 1024 * 1024

async function withFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'brume-disk-'))
  try {
    await body(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

test(`loses nothing when it is killed while the disk is slow (seed ${SEED})`, LIMIT, () =>
  withFolder(async (folder) => {
    const random = seededRandom(SEED)
    const cloud = new Generations({ dataDir: join(folder, 'data'), random })
    const slow = { entry: FAULTY, env: { BRUME_TEST_COMMIT_DELAY_MS: String(COMMIT_DELAY_MS) } }
    try {
      for (let kill = 0; kill < 2; kill++) {
        const { server } = await cloud.start(slow)
        await cloud.writeThenEnd(server, 20 + random.below(60), 'SIGKILL')
      }
      await cloud.start()
      assert.ok(cloud.ledger.uncertainties > 0, 'a slow disk leaves writes under way')
    } finally {
      await cloud.end()
    }
  }),
)

test(
  'a full disk refuses writes with 503 and Retry-After, and takes them again when there is room',
  LIMIT,
  () =>
    withFolder(async (folder) => {
      const dataDir = join(folder, 'data')
      const server = startServer(dataDir, { entry: FAULTY })
      await throughFullDisk(server, dataDir, {
        fill: () => server.send({ full: true }),
        free: () => server.send({ full: false }),
      })
    }),
)

test(
  'a file system without room refuses writes, and takes them again when there is room',
  {
    ...LIMIT,
    skip: canMount() ? false : 'mounting a small tmpfs needs root',
  },
  () =>
    withFolder(async (folder) => {
      const dataDir = join(folder, 'data')
      mkdirSync(dataDir, { mode: 0o700 })
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${TMPFS_BYTES},mode=700`, 'tmpfs', dataDir])
      const ballast = join(dataDir, 'ballast')
      writeFileSync(ballast, Buffer.alloc(BALLAST_BYTES))
      try {
        const server = startServer(dataDir)
        await throughFullDisk(server, dataDir, { fill: async () => {}, free: async () => rmSync(ballast) })
      } finally {
        execFileSync('umount', [dataDir])
      }
    }),
)

interface Disk {
  fill(): Promise<void>
  free(): Promise<void>
}

async function throughFullDisk(server: ServerProcess, dataDir: string, disk: Disk): Promise<void> {
  const watcher = new KindWatcher(KINDS[0]!, 'default')
  try {
    const client = await server.ready()
    const kept = new Set<string>()
    watcher.follow(client)
    assert.equal(await post(client, 'first', kept), 201)
    await disk.fill()
    await untilRefused(client, kept)
    await goesOnReading(client, { kept, watcher })
    await disk.free()
    assert.equal(await post(client, 'later', kept), 201)
    const later = await client.resource(CONFIG_MAPS).get({ namespace: 'default', name: 'k-later' })
    await watcher.reaches(Number(later.metadata.resourceVersion))
    await watcher.stop()
    await server.kill('SIGKILL')

    const again = startServer(dataDir)
    try {
      assert.deepEqual(await names(await again.ready()), kept)
      assert.deepEqual(await again.kill('SIGTERM'), { code: 0, signal: null })
    } finally {
      await again.kill('SIGKILL')
    }
  } finally {
    await server.kill('SIGKILL')
  }
}

/** Writes until the first refusal, and a few more. */
async function untilRefused(client: Client, kept: Set<string>): Promise<void> {
  let refused = 0
  for (let n = 0; refused < 3; n++) {
    assert.ok(n < MAX_WRITES, 'the disk never got full')
    if ((await post(client, `fill-${n}`, kept)) === 503) refused++
  }
}

async function goesOnReading(
  client: Client,
  { kept, watcher }: { kept: ReadonlySet<string>; watcher: KindWatcher },
): Promise<void> {
  assert.deepEqual(await names(client), kept)
  assert.deepEqual(new Set(watcher.changes.map(({ key }) => key.split('/')[1])), kept)
  const fresh = new KindWatcher(KINDS[0]!, 'default')
  fresh.follow(client)
  await fresh.reaches(watcher.revision)
  await fresh.stop()
  const health = await client.transport.request({ method: 'GET', path: '/livez' })
  assert.equal((await health.buffer()).toString(), 'ok')
}

async function names(client: Client): Promise<Set<string>> {
  const { items } = await client.resource(CONFIG_MAPS).listAll({ namespace: 'default' })
  return new Set(items.map(({ metadata }) => metadata.name!).filter((name) => name.startsWith('k-')))
}

/** The answer's code; a refusal must be a proper one, and `kept` grows when there was none. */
async function post(client: Client, name: string, kept: Set<string>): Promise<number> {
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: `k-${name}` }, data: { VALUE } }
  // Past the client, which would try again by itself.
  const answer = await client.transport.request({
    method: 'POST',
    path: '/api/v1/namespaces/default/configmaps',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(object),
  })
  const body = JSON.parse((await answer.buffer()).toString())
  if (answer.status === 201) {
    kept.add(`k-${name}`)
    return 201
  }
  const { kind, reason, code, details } = body
  assert.deepEqual(
    { kind, reason, code, details },
    { kind: 'Status', reason: 'ServiceUnavailable', code: 503, details: { retryAfterSeconds: 1 } },
    body.message,
  )
  assert.equal(headerOf(answer, 'retry-after'), '1')
  return answer.status
}

function canMount(): boolean {
  if (process.getuid?.() !== 0) return false
  const dir = join(tmpdir(), `brume-mount-${process.pid}`)
  mkdirSync(dir)
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', dir], { stdio: 'ignore' })
    execFileSync('umount', [dir])
    return true
  } catch {
    return false
  } finally {
    rmSync(dir, { recursive: true })
  }
}
