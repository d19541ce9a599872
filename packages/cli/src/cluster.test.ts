import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { NODES } from '@brume/client/builtin'
import { parseKubeconfig } from '@brume/client/kubeconfig-file'
import { startTestControlPlane, type TestControlPlane } from '@brume/testkit/control-plane'
import { brume } from './testing.ts'

describe('brume against a control plane', () => {
  let plane: TestControlPlane
  let folder: string
  let env: Record<string, string>

  before(async () => {
    plane = await startTestControlPlane()
    folder = mkdtempSync(join(tmpdir(), 'brume-cli-'))
    env = { HOME: folder, KUBECONFIG: plane.kubeconfig }
  })
  after(async () => {
    await plane.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  it('shows that the cloud is well', async () => {
    const { code, out, err } = await brume(['status'], env)
    assert.equal(code, 0, err)
    assert.match(out, new RegExp(`^server: +${plane.plane.url} `))
    assert.match(out, /^ready: +yes/m)
    assert.match(out, /^nodes: +none/m)
    assert.match(out, /4 namespaces/)
    assert.match(out, /Nothing is wrong\.\n$/)
  })

  it('shows what is wrong, and what to run next', async () => {
    const status = {
      conditions: [{ type: 'Ready', status: 'False', reason: 'KubeletNotReady', message: 'no network' }],
    }
    const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' } }
    await plane.client.resource(NODES).create(node)
    const patch = { type: 'merge', body: { status }, subresource: 'status' } as const
    await plane.client.resource(NODES).patch({ name: 'n1' }, patch)
    const { code, out } = await brume(['status'], env)
    assert.equal(code, 0)
    assert.match(out, /- node n1 is not ready: no network\n {2}next: kubectl describe node n1\n/)
    const json = JSON.parse((await brume(['status', '-o', 'json'], env)).out)
    assert.equal(json.ready, true)
    assert.equal(json.problems.length, 1)
    await plane.client.resource(NODES).delete({ name: 'n1' })
  })

  it('shows both versions', async () => {
    const { code, out } = await brume(['version'], env)
    assert.equal(code, 0)
    assert.match(out, /^client: \d+\.\d+\.\d+ .*\nserver: v1\.32\.\d+\+brume/)
    const json = JSON.parse((await brume(['version', '-o', 'json'], env)).out)
    assert.match(json.server.gitVersion, /brume/)
  })

  it('saves a whole backup for its owner alone, and says how it can be checked', async () => {
    const path = join(folder, 'saved.backup')
    const { code, out, err } = await brume(['backup', path], env)
    assert.equal(code, 0, err)
    const bytes = readFileSync(path)
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    const verified = new RegExp(
      `^backup: ${path}\nverified: ${bytes.length} bytes, revision \\d+, sha256 ${sha256}\n$`,
    )
    assert.match(out, verified)
    assert.equal(statSync(path).mode & 0o777, 0o600)
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.includes('partial')),
      [],
    )
    const again = await brume(['backup', path], env)
    assert.equal(again.code, 1)
    assert.match(again.err, /exists already/)
    assert.deepEqual(readFileSync(path), bytes)
  })

  it('prints the kubeconfig, with another address when asked', async () => {
    const dataDir = plane.dir.root
    const { code, out } = await brume(
      ['kubeconfig', '--data-dir', dataDir, '--server', 'https://10.0.0.1:6443'],
      env,
    )
    assert.equal(code, 0)
    assert.equal(parseKubeconfig(out, '-').clusters![0]!.cluster.server, 'https://10.0.0.1:6443')
    const wrong = await brume(['kubeconfig', '--data-dir', dataDir, '--server', 'localhost'], env)
    assert.equal(wrong.code, 1)
  })

  it('merges it into a kubeconfig, keeping what is there, and the result works', async () => {
    const path = join(folder, 'mine')
    const mine = {
      kind: 'Config',
      'current-context': 'other',
      clusters: [{ name: 'other', cluster: { server: 'https://other' } }],
      contexts: [{ name: 'other', context: { cluster: 'other', user: 'me' } }],
      users: [{ name: 'me', user: { token: 't' } }],
      preferences: { colors: true },
    }
    writeFileSync(path, JSON.stringify(mine))
    const merged = { ...env, KUBECONFIG: path }
    for (let i = 0; i < 2; i++) {
      const itself = { KUBECONFIG: join(plane.dir.root, 'kubeconfig') }
      const nothing = await brume(['kubeconfig', '--merge', '--data-dir', plane.dir.root], itself)
      assert.equal(nothing.code, 1)
      assert.match(nothing.err, /nothing to merge\nnext: unset KUBECONFIG/)
      const { code, err } = await brume(['kubeconfig', '--merge', '--data-dir', plane.dir.root], merged)
      assert.equal(code, 0, err)
      assert.match(err, /next: kubectl get namespaces/)
    }
    const config = parseKubeconfig(readFileSync(path, 'utf8'), path)
    assert.deepEqual(config.contexts!.map(({ name }) => name).sort(), ['brume-admin@brume', 'other'])
    assert.equal(config['current-context'], 'brume-admin@brume')
    assert.deepEqual(config['preferences'], { colors: true })
    assert.equal(config.users!.find(({ name }) => name === 'me')!.user.token, 't')
    assert.equal(statSync(path).mode & 0o777, 0o600)
    assert.equal((await brume(['status'], merged)).code, 0)
    const other = await brume(['status', '--context', 'none'], merged)
    assert.match(other.err, /no context "none".*kubectl config get-contexts/)
  })

  it('says what to do when the server is another one, or none', async () => {
    const config = parseKubeconfig(readFileSync(plane.kubeconfig, 'utf8'), '')
    const path = join(folder, 'wrong')
    const write = (cluster: object) =>
      writeFileSync(path, JSON.stringify({ ...config, clusters: [{ name: 'brume', cluster }] }))
    write({ server: plane.plane.url })
    const untrusted = await brume(['status'], { ...env, KUBECONFIG: path })
    assert.equal(untrusted.code, 1)
    assert.match(untrusted.err, /certificate is not trusted[\s\S]*next: \.\/brume kubeconfig --merge/)
    write({ server: 'https://127.0.0.1:1' })
    const none = await brume(['status'], { ...env, KUBECONFIG: path })
    assert.equal(none.code, 1)
    assert.match(none.err, /cannot be reached[\s\S]*next: \.\/brume up/)
  })

  it('says what to do when it is not let in', async () => {
    const config = parseKubeconfig(readFileSync(plane.kubeconfig, 'utf8'), '')
    const path = join(folder, 'stranger')
    const users = [{ name: 'brume-admin', user: { token: 'nonsense' } }]
    writeFileSync(path, JSON.stringify({ ...config, users }))
    const { code, err } = await brume(['backup', join(folder, 'never')], { ...env, KUBECONFIG: path })
    assert.equal(code, 1)
    assert.match(err, /next: \.\/brume kubeconfig --merge/)
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.startsWith('never')),
      [],
    )
  })
})
