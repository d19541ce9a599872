// A machine is gone; what is left is a backup and its keys. The cloud on the next machine must be the same one: for
// kubeconfigs, for tokens, and with every Secret.

import assert from 'node:assert/strict'
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { brume } from '@brume/cli/testing'
import type { Client } from '@brume/client/client'
import { connectTransport, loadConnection } from '@brume/client/kubeconfig'
import { runMain, type ServerProcess, startServer } from './server-process.ts'

const PASSPHRASE = 'correct horse battery staple'
const SECRETS = '/api/v1/namespaces/default/secrets'
const VALUE = Buffer.from('kept for the next machine').toString('base64')

describe('a backup with its keys', { timeout: 180_000 }, () => {
  let folder: string
  let dataDir: string
  let token: string
  let port: string
  const servers: ServerProcess[] = []

  const start = async (dir: string, listen = '127.0.0.1:0'): Promise<Client> => {
    const server = startServer(dir, { args: ['up', '--data-dir', dir, '--listen', listen, '--no-node'] })
    servers.push(server)
    return server.ready()
  }
  const stop = () => servers.at(-1)!.kill('SIGTERM')
  const backup = async (...argv: string[]) => {
    const ran = await brume(['backup', ...argv, '--data-dir', dataDir], {})
    assert.equal(ran.code, 0, ran.err)
    return ran
  }

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'brume-backup-keys-'))
    dataDir = join(folder, 'first')
    const client = await start(dataDir)
    await client.json({
      method: 'POST',
      path: SECRETS,
      body: JSON.stringify({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, data: { k: VALUE } }),
    })
    const asked = await client.json<{ status: { token: string } }>({
      method: 'POST',
      path: '/api/v1/namespaces/default/serviceaccounts/default/token',
      body: JSON.stringify({ apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} }),
    })
    token = asked.status.token
    port = new URL(JSON.parse(readFileSync(join(dataDir, 'running.json'), 'utf8')).url).port
    writeFileSync(join(folder, 'passphrase'), `${PASSPHRASE}\n`, { mode: 0o600 })
  })
  after(async () => {
    for (const server of servers) await server.kill('SIGKILL')
    await rm(folder, { recursive: true, force: true })
  })

  it('is two files for their owner alone, and the backup itself opens nothing', async () => {
    const { out } = await backup(join(folder, 'b'))
    assert.match(out, /^keys: .*b\.keys \(open to whoever reads it/m)
    for (const name of ['b', 'b.keys']) assert.equal(statSync(join(folder, name)).mode & 0o777, 0o600)
    const bytes = readFileSync(join(folder, 'b'))
    const { keys } = JSON.parse(readFileSync(join(dataDir, 'encryption-keys.json'), 'utf8'))
    for (const { secret } of keys) {
      assert.ok(!bytes.includes(secret))
      assert.ok(!bytes.includes(Buffer.from(secret, 'base64')))
    }
    assert.ok(!bytes.includes('PRIVATE KEY'))
  })

  it('with a passphrase shows no key', async () => {
    const { out } = await backup(join(folder, 'p'), '--passphrase-file', join(folder, 'passphrase'))
    assert.match(out, /^keys: .*p\.keys \(protected\)/m)
    assert.doesNotMatch(readFileSync(join(folder, 'p.keys'), 'utf8'), /PRIVATE KEY|secret|CERTIFICATE/)
    await backup(join(folder, 'n'), '--without-keys')
    assert.ok(!existsSync(join(folder, 'n.keys')))
  })

  it('refuses a passphrase that others can read, and one that is short', async () => {
    const file = join(folder, 'open')
    writeFileSync(file, PASSPHRASE, { mode: 0o644 })
    const open = await brume(['backup', join(folder, 'x'), '--data-dir', dataDir, '--passphrase-file', file])
    assert.match(open.err, /others can read the passphrase/)
    writeFileSync(join(folder, 'short'), 'abc', { mode: 0o600 })
    const short = await brume([
      'backup',
      join(folder, 'x'),
      '--data-dir',
      dataDir,
      '--passphrase-file',
      join(folder, 'short'),
    ])
    assert.match(short.err, /fewer than 12 characters/)
    assert.ok(!existsSync(join(folder, 'x')))
  })

  it('takes no keys of another cloud, and says so', async () => {
    const other = join(folder, 'other')
    cpSync(dataDir, other, { recursive: true, filter: (path) => !path.includes('store') })
    writeFileSync(join(other, 'pki/ca.crt'), 'of another')
    const { code, err } = await brume(['backup', join(folder, 'o'), '--data-dir', other])
    assert.equal(code, 0)
    assert.match(err, /warning: without its keys/)
    assert.ok(!existsSync(join(folder, 'o.keys')))
  })

  it('makes the same cloud on another machine: old kubeconfigs and tokens work, and Secrets open', async () => {
    const kept = join(folder, 'kubeconfig')
    cpSync(join(dataDir, 'kubeconfig'), kept)
    await stop()
    const next = join(folder, 'second')
    const missing = await runMain(['restore', join(folder, 'p'), '--data-dir', next])
    assert.equal(missing.code, 1)
    assert.match(missing.stderr, /p\.keys cannot be used: it needs a passphrase\nnext: .*--passphrase-file/)
    const restored = await runMain([
      ...['restore', join(folder, 'p'), '--data-dir', next],
      ...['--passphrase-file', join(folder, 'passphrase')],
    ])
    assert.equal(restored.code, 0, restored.stderr)
    await start(next, `127.0.0.1:${port}`)
    // With what a client of the first machine had: its certificate, and a token.
    const transport = connectTransport(loadConnection({ paths: [kept], env: {} }))
    const ask = async (headers: Record<string, string>) => {
      const answer = await transport.request({ method: 'GET', path: `${SECRETS}/s`, headers })
      return { status: answer.status, body: JSON.parse((await answer.buffer()).toString()) }
    }
    const { status, body } = await ask({})
    assert.equal(status, 200)
    assert.equal(body.data.k, VALUE)
    transport.close()
    const review = await servers
      .at(-1)!
      .connect()
      .json<{ status: { authenticated?: boolean } }>({
        method: 'POST',
        path: '/apis/authentication.k8s.io/v1/tokenreviews',
        body: JSON.stringify({
          apiVersion: 'authentication.k8s.io/v1',
          kind: 'TokenReview',
          spec: { token },
        }),
      })
    assert.equal(review.status.authenticated, true)
    await stop()
  })

  it('takes the place of a cloud that was begun on the machine, whose keys are kept beside', async () => {
    const begun = join(folder, 'third')
    await start(begun)
    const running = await runMain(['restore', join(folder, 'b'), '--data-dir', begun])
    assert.equal(running.code, 1, 'a running cloud keeps its keys')
    assert.match(running.stderr, /brume down/)
    const before = readFileSync(join(begun, 'pki/ca.key'), 'utf8')
    assert.equal(JSON.parse(readFileSync(join(begun, 'encryption-keys.json'), 'utf8')).keys.length, 1)
    await stop()
    const restored = await runMain(['restore', join(folder, 'b'), '--data-dir', begun])
    assert.equal(restored.code, 0, restored.stderr)
    assert.match(restored.stdout, /the keys that were there: .*pki\.before-restore-/)
    const aside = readdirSync(begun).find((name) => name.startsWith('pki.before-restore-'))!
    assert.equal(readFileSync(join(begun, aside, 'ca.key'), 'utf8'), before)
    assert.notEqual(readFileSync(join(begun, 'pki/ca.key'), 'utf8'), before)
    assert.equal(JSON.parse(readFileSync(join(begun, 'encryption-keys.json'), 'utf8')).keys.length, 2)
    const client = await start(begun)
    const { data } = await client.json<{ data: Record<string, string> }>({
      method: 'GET',
      path: `${SECRETS}/s`,
    })
    assert.equal(data['k'], VALUE)
    await stop()
  })

  it('an identity that was restored in part does not start as another cloud', async () => {
    const torn = join(folder, 'third')
    const certificate = join(torn, 'pki/ca.crt')
    const aside = readdirSync(torn).find((name) => name.startsWith('pki.before-restore-'))!
    cpSync(join(torn, aside, 'ca.crt'), certificate)
    const refused = await runMain(['up', '--data-dir', torn, '--listen', '127.0.0.1:0', '--no-node'])
    assert.equal(refused.code, 1)
    assert.match(refused.stderr, /ca\.crt does not belong to/)
    const again = await runMain(['restore', join(folder, 'b'), '--data-dir', torn])
    assert.equal(again.code, 0, again.stderr)
    await start(torn)
    await stop()
  })

  it('keys that do not open the backup are not kept, and the right ones are taken then', async () => {
    const fifth = join(folder, 'fifth')
    const foreign = join(folder, 'foreign.keys')
    const bundle = JSON.parse(readFileSync(join(folder, 'b.keys'), 'utf8'))
    const { keys } = JSON.parse(bundle.files['encryption-keys.json'])
    const others = keys.map(({ id }: { id: string }) => ({
      id,
      secret: Buffer.alloc(32, 7).toString('base64'),
    }))
    bundle.files['encryption-keys.json'] = JSON.stringify({ keys: others })
    writeFileSync(foreign, JSON.stringify(bundle), { mode: 0o600 })
    const argv = ['restore', join(folder, 'b'), '--data-dir', fifth]
    const refused = await runMain([...argv, '--keys', foreign])
    assert.equal(refused.code, 1)
    assert.match(refused.stderr, /does not fit/)
    assert.ok(!existsSync(join(fifth, 'encryption-keys.json')))
    const restored = await runMain(argv)
    assert.equal(restored.code, 0, restored.stderr)
    assert.equal(JSON.parse(readFileSync(join(fifth, 'encryption-keys.json'), 'utf8')).keys[0].id, keys[0].id)
  })

  it("keys that lost their backup's passphrase are told from a damaged file", async () => {
    const wrong = join(folder, 'wrong')
    writeFileSync(wrong, 'another long passphrase', { mode: 0o600 })
    rmSync(join(folder, 'fourth'), { recursive: true, force: true })
    const { code, stderr } = await runMain([
      ...['restore', join(folder, 'p'), '--data-dir', join(folder, 'fourth')],
      ...['--passphrase-file', wrong],
    ])
    assert.equal(code, 1)
    assert.match(stderr, /the passphrase is another one, or the file is damaged/)
    assert.ok(!existsSync(join(folder, 'fourth')), 'nothing was made')
  })
})
