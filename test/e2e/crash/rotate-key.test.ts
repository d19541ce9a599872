// A new key for Secrets while clients write, with a process that is killed in the middle: nothing is lost, and in the end
// nothing needs the old key.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { brume } from '@brume/cli/testing'
import type { Client } from '@brume/client/client'
import { eventually } from '@brume/testkit/eventually'
import { startServer } from './server-process.ts'

const FAULTY = join(import.meta.dirname, 'faulty-main.ts')
const SECRETS = '/api/v1/namespaces/default/secrets'
const LIMIT = { timeout: 120_000 }
/** Several steps of a rotation, each a commit that takes its time. */
const COUNT = 2_500
const COMMIT_DELAY_MS = 60

const textOf = (n: number) => Buffer.from(`value of ${n}`).toString('base64')

async function withFolder(body: (dataDir: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'brume-rotate-'))
  try {
    await body(join(folder, 'data'))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function writeSecrets(client: Client, from: number, to: number): Promise<void> {
  const one = (n: number) => {
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: `s-${n}` }, data: { k: textOf(n) } }
    return client.json({ method: 'POST', path: SECRETS, body: JSON.stringify(secret) })
  }
  await Promise.all(Array.from({ length: to - from }, (_, i) => one(from + i)))
}

async function assertAllThere(client: Client, count: number): Promise<void> {
  const { items } = await client.json<{ items: { metadata: { name: string }; data: { k: string } }[] }>({
    method: 'GET',
    path: SECRETS,
  })
  const found = new Map(items.map(({ metadata, data }) => [metadata.name, data.k]))
  assert.equal(found.size, count)
  for (let n = 0; n < count; n++) assert.equal(found.get(`s-${n}`), textOf(n))
}

const idsIn = (dataDir: string): string[] =>
  JSON.parse(readFileSync(join(dataDir, 'encryption-keys.json'), 'utf8')).keys.map(
    ({ id }: { id: string }) => id,
  )

/** How many stored values each key has encrypted. */
function usedKeys(dataDir: string): Map<string, number> {
  const db = new DatabaseSync(join(dataDir, 'store', 'store.db'), { readOnly: true })
  try {
    const rows = db
      .prepare(
        'SELECT encryption_key AS id, count(*) AS n FROM log WHERE encryption_key IS NOT NULL GROUP BY 1',
      )
      .all()
    return new Map(rows.map(({ id, n }) => [String(id), Number(n)]))
  } finally {
    db.close()
  }
}

test('a rotation rewrites every Secret while clients write, and old keys can go', LIMIT, () =>
  withFolder(async (dataDir) => {
    const server = startServer(dataDir)
    try {
      const client = await server.ready()
      await writeSecrets(client, 0, 200)
      const [first] = idsIn(dataDir)
      const [ran] = await Promise.all([
        brume(['rotate-key', '--data-dir', dataDir]),
        writeSecrets(client, 200, 300),
      ])
      assert.equal(ran.code, 0, ran.err)
      assert.match(ran.out, /^rewritten: \d+ values, history included; 1 old key is kept/m)
      const [second, ...others] = idsIn(dataDir)
      assert.deepEqual(others, [first])
      assert.deepEqual([...usedKeys(dataDir).keys()], [second])
      const dropped = await brume(['rotate-key', '--drop-old-keys', '--data-dir', dataDir])
      assert.match(dropped.out, /no old key is kept/)
      assert.equal(idsIn(dataDir).length, 1)
      await writeSecrets(client, 300, 310)
      await server.kill('SIGTERM')
      const again = startServer(dataDir)
      await assertAllThere(await again.ready(), 310)
      const refused = await again.connect().transport.request({
        ...{ method: 'POST', path: '/encryption/rotate' },
        headers: { 'impersonate-user': 'somebody' },
      })
      assert.equal(refused.status, 403)
      await again.kill('SIGTERM')
    } finally {
      await server.kill('SIGKILL')
    }
  }),
)

test('killed in the middle it loses nothing, and the next start finishes it', LIMIT, () =>
  withFolder(async (dataDir) => {
    const first = startServer(dataDir)
    await writeSecrets(await first.ready(), 0, COUNT)
    await first.kill('SIGTERM')
    const slow = startServer(dataDir, {
      entry: FAULTY,
      env: { BRUME_TEST_COMMIT_DELAY_MS: String(COMMIT_DELAY_MS) },
    })
    const client = await slow.ready()
    const rotating = client.call({ method: 'POST', path: '/encryption/rotate' }).catch(() => 'cut off')
    await eventually('a part is rewritten', () => usedKeys(dataDir).size === 2)
    await slow.kill('SIGKILL')
    assert.equal(await rotating, 'cut off')
    assert.equal(usedKeys(dataDir).size, 2, 'values of both keys are there')
    const next = startServer(dataDir)
    try {
      await assertAllThere(await next.ready(), COUNT)
      const [key] = idsIn(dataDir)
      await eventually('the rest is rewritten', () => {
        const used = [...usedKeys(dataDir).keys()]
        return used.length === 1 && used[0] === key
      })
      await assertAllThere(next.connect(), COUNT)
    } finally {
      await next.kill('SIGTERM')
    }
  }),
)
