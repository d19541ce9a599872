// What has to work on the worst day: a backup taken under load, a restore, a damaged store, a key that is gone.

import assert from 'node:assert/strict'
import {
  closeSync,
  cpSync,
  existsSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { isStatus } from '@brume/base/errors'
import { seededRandom } from '@brume/base/seeded-random'
import type { Client } from '@brume/client/client'
import { headerOf } from '@brume/client/transport'
import { Generations } from './generations.ts'
import { KINDS, NAMESPACE } from './kinds.ts'
import type { Change } from './ledger.ts'
import { runMain, type ServerProcess, startServer } from './server-process.ts'
import { historyOf, isOurs, KindWatcher } from './watchers.ts'

/** Tokens by key, sorted. */
type Tokens = Map<string, string | undefined>

const SEED = Number(process.env['BRUME_SEED'] ?? 8)

describe(`backup and restore (seed ${SEED})`, { timeout: 180_000 }, () => {
  let folder: string
  let cloud: Generations
  let backup: string
  /** Of the backup, as the server said. */
  let revision: number
  /** Of each kind: what was there before, and everything that was written after it. */
  const earlier = new Map<string, Tokens>()
  const histories = new Map<string, Change[]>()
  const servers: ServerProcess[] = []

  const start = (dataDir: string) => {
    const server = startServer(dataDir)
    servers.push(server)
    return server
  }

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'brume-backup-'))
    cloud = new Generations({ dataDir: join(folder, 'data'), random: seededRandom(SEED) })
    backup = join(folder, 'backup.db')
  })
  after(async () => {
    await cloud.end()
    for (const server of servers) await server.kill('SIGKILL')
    await rm(folder, { recursive: true, force: true })
  })

  it('is taken while clients write, by administrators alone', async () => {
    const { server, client } = await cloud.start()
    const from = await revisionNow(client)
    for (const kind of KINDS) earlier.set(kind.ref.plural, await tokensOf(client, kind))
    let taken: Promise<void> | undefined
    await cloud.write(server, (count) => {
      if (count === 100) taken = takeBackup(client)
      // The backup is under way or done: writes go on after it.
      if (count > 300 && revision !== undefined) void server.kill('SIGTERM')
    })
    await taken
    await cloud.settleWatchers()
    const again = (await cloud.start()).client
    for (const kind of KINDS) {
      const through = await revisionNow(again)
      // The sentinels were written last, so each history has an end.
      const history = await historyOf(again, kind, {
        after: from,
        through: await lastRevisionOf(again, kind, through),
      })
      histories.set(kind.ref.plural, history)
    }
    const { status } = await again.transport.request({
      method: 'GET',
      path: '/backup',
      headers: { 'impersonate-user': 'somebody' },
    })
    assert.equal(status, 403)
    assert.equal(statSync(backup).size > 0, true)
  })

  async function takeBackup(client: Client): Promise<void> {
    const answer = await client.transport.request({ method: 'GET', path: '/backup' })
    assert.equal(answer.status, 200)
    const bytes = await answer.buffer()
    assert.equal(bytes.length, Number(headerOf(answer, 'content-length')))
    writeFileSync(backup, bytes)
    revision = Number(headerOf(answer, 'x-brume-revision'))
    assert.equal(bytes.subarray(0, 15).toString(), 'SQLite format 3')
  }

  it('restores into a new directory exactly the state at its revision, Secrets too', async () => {
    const dataDir = join(folder, 'restored')
    const keyFile = join(dataDir, 'encryption-keys.json')
    const without = await runMain(['restore', backup, '--data-dir', dataDir])
    assert.equal(without.code, 1)
    assert.ok(without.stderr.includes(`next: put the key file that belongs to this store at ${keyFile}`))
    cpSync(join(cloud.dataDir, 'encryption-keys.json'), keyFile)
    const restored = await runMain(['restore', backup, '--data-dir', dataDir])
    assert.equal(restored.code, 0, restored.stderr)
    const client = await start(dataDir).ready()
    for (const kind of KINDS) assert.deepEqual(await tokensOf(client, kind), tokensAt(kind, revision))
  })

  function tokensAt(kind: (typeof KINDS)[number], revision: number): Tokens {
    const state = new Map(earlier.get(kind.ref.plural))
    for (const { type, key, revision: at, token } of histories.get(kind.ref.plural)!) {
      if (at > revision) break
      if (type === 'DELETED') state.delete(key)
      else state.set(key, token)
    }
    return new Map([...state].sort())
  }

  it('makes every client list again: what was seen after the backup is not there any more', async () => {
    const client = await servers[0]!.ready()
    assert.ok((await revisionNow(client)) > revision + 1_000_000, 'revisions jump far ahead')
    for (const watcher of cloud.watchers) {
      const seen = watcher.revision
      assert.ok(seen > revision, 'it saw changes that the backup does not have')
      await assert.rejects(historyOf(client, watcher.kind, { after: seen, through: seen + 1 }), (error) =>
        isStatus(error, 'Expired'),
      )
    }
    const fresh = new KindWatcher(KINDS[0]!)
    fresh.follow(client)
    const written = await client
      .resource(KINDS[0]!.ref)
      .patch(
        { namespace: NAMESPACE, name: 'k-sentinel' },
        { type: 'merge', body: KINDS[0]!.content('t-after-restore') },
      )
    await fresh.reaches(Number(written.metadata.resourceVersion))
    await fresh.stop()
  })

  it('refuses what is no backup, and keeps the store that is there', async () => {
    const dataDir = join(folder, 'restored')
    await servers[0]!.kill('SIGTERM')
    const junk = join(folder, 'junk')
    writeFileSync(junk, 'SQLite format 3\0 but no more')
    const cut = join(folder, 'cut')
    writeFileSync(cut, readFileSync(backup).subarray(0, 20_000))
    for (const file of [junk, cut]) {
      const { code, stderr } = await runMain(['restore', file, '--data-dir', dataDir])
      assert.equal(code, 1)
      assert.match(stderr, /is damaged/)
      assert.match(stderr, /^next: try another backup/m)
    }
    const client = await start(dataDir).ready()
    const { data } = await client.resource(KINDS[0]!.ref).get({ namespace: NAMESPACE, name: 'k-sentinel' })
    assert.equal(data.token, 't-after-restore')
    await servers.at(-1)!.kill('SIGTERM')
  })

  it('does not start with a key that is wrong, gone or open to others, and says which file', async () => {
    const dataDir = join(folder, 'restored')
    const keyFile = join(dataDir, 'encryption-keys.json')
    const right = readFileSync(keyFile)
    const { keys } = JSON.parse(right.toString())
    const other = Buffer.alloc(32, 7).toString('base64')
    const wrong = JSON.stringify({ keys: [{ ...keys[0], secret: other }] })
    for (const text of [wrong, '{']) {
      writeFileSync(keyFile, text, { mode: 0o600 })
      await refusesToStart(dataDir, /key/)
    }
    rmSync(keyFile)
    await refusesToStart(dataDir, /key/)
    assert.equal(existsSync(keyFile), false, 'no new key takes the place of a lost one')
    writeFileSync(keyFile, right, { mode: 0o600 })
    await start(dataDir).ready()
    await servers.at(-1)!.kill('SIGTERM')
  })

  it('does not start on a damaged store, and says how to restore it', async () => {
    const dataDir = join(folder, 'restored')
    const file = join(dataDir, 'store', 'store.db')
    const page = 4096
    const pages = statSync(file).size / page
    const whole = readFileSync(file)
    for (const at of [0, Math.floor(pages / 2)]) {
      writeFileSync(file, whole)
      const handle = openSync(file, 'r+')
      writeSync(handle, Buffer.alloc(page, 0xa5), 0, page, at * page)
      closeSync(handle)
      const { stderr } = await refusesToStart(dataDir, /is damaged/)
      assert.match(stderr, /^next: .*brume restore BACKUP --data-dir /m, `page ${at}`)
    }
    const restored = await runMain(['restore', backup, '--data-dir', dataDir])
    assert.equal(restored.code, 0, restored.stderr)
    assert.match(restored.stdout, /the store that was there: /)
    await start(dataDir).ready()
  })
})

async function refusesToStart(dataDir: string, why: RegExp): Promise<{ stderr: string }> {
  const { code, stdout, stderr } = await runMain([
    'up',
    '--data-dir',
    dataDir,
    '--listen',
    '127.0.0.1:0',
    '--no-node',
  ])
  assert.equal(code, 1, stderr)
  assert.equal(stdout, '')
  assert.match(stderr, why)
  assert.match(stderr, /^next: .+/m)
  assert.doesNotMatch(stderr, /unexpected|\n {4}at /, 'no stack trace')
  return { stderr }
}

async function revisionNow(client: Client): Promise<number> {
  const { metadata } = await client.resource(KINDS[0]!.ref).list({ namespace: NAMESPACE })
  return Number(metadata.resourceVersion)
}

async function lastRevisionOf(
  client: Client,
  { ref }: (typeof KINDS)[number],
  through: number,
): Promise<number> {
  const { items } = await client.resource(ref).listAll({ namespace: NAMESPACE })
  return Math.min(through, Math.max(...items.map(({ metadata }) => Number(metadata.resourceVersion))))
}

async function tokensOf(client: Client, kind: (typeof KINDS)[number]): Promise<Tokens> {
  const { items } = await client.resource(kind.ref).listAll({ namespace: NAMESPACE })
  return new Map(
    items
      .filter(isOurs)
      .map((item) => [`${kind.ref.plural}/${item.metadata.name}`, kind.tokenOf(item)] as const)
      .sort(),
  )
}
