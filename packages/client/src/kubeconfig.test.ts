import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { kubeconfigPaths, loadConnection } from './kubeconfig.ts'
import { KubeconfigError } from './kubeconfig-file.ts'
import { fakeClock } from './testing/fake-clock.ts'

const folder = mkdtempSync(join(tmpdir(), 'brume-kubeconfig-'))
after(() => rmSync(folder, { recursive: true, force: true }))

function file(name: string, value: unknown): string {
  const path = join(folder, name)
  writeFileSync(path, typeof value === 'string' ? value : JSON.stringify(value))
  return path
}

function config(name: string, cluster: object, user: object, context: object = {}) {
  return {
    'current-context': name,
    clusters: [{ name, cluster: { server: `https://${name}`, ...cluster } }],
    users: [{ name, user }],
    contexts: [{ name, context: { cluster: name, user: name, ...context } }],
  }
}

const base64 = (text: string) => Buffer.from(text).toString('base64')

describe('kubeconfig', () => {
  it('is looked for by flag, KUBECONFIG, data directory and home, in this order', () => {
    const dataDir = join(folder, 'data')
    const env = { HOME: '/home/me', KUBECONFIG: '/a:/b:' }
    assert.deepEqual(kubeconfigPaths({ flag: '/f', env, dataDir }), ['/f'])
    assert.deepEqual(kubeconfigPaths({ env, dataDir }), ['/a', '/b'])
    assert.deepEqual(kubeconfigPaths({ env: { HOME: '/home/me' }, dataDir }), ['/home/me/.kube/config'])
    mkdirSync(dataDir)
    writeFileSync(join(dataDir, 'kubeconfig'), '')
    assert.deepEqual(kubeconfigPaths({ env: { HOME: '/home/me' }, dataDir }), [join(dataDir, 'kubeconfig')])
  })

  it('gives the current context with its certificates, data before files', async () => {
    file('key.pem', 'KEY')
    const user = {
      'client-certificate-data': base64('CERT'),
      'client-certificate': 'missing',
      'client-key': 'key.pem',
    }
    const path = file(
      'a',
      config('a', { 'certificate-authority-data': base64('CA') }, user, { namespace: 'n' }),
    )
    const connection = loadConnection({ paths: [path], env: {} })
    assert.equal(connection.server, 'https://a')
    assert.equal(connection.caPem, 'CA')
    assert.equal(connection.namespace, 'n')
    assert.deepEqual(await connection.credentials.certificate(), { certificatePem: 'CERT', keyPem: 'KEY' })
    assert.equal(await connection.credentials.authorization(), undefined)
  })

  it('merges files, the first one winning, and takes another context when asked', () => {
    const paths = [
      file('one', config('one', {}, { token: '1' })),
      join(folder, 'absent'),
      file(
        'two',
        config('two', { 'insecure-skip-tls-verify': true, 'tls-server-name': 's' }, { token: '2' }),
      ),
    ]
    assert.equal(loadConnection({ paths, env: {} }).server, 'https://one')
    const two = loadConnection({ paths, env: {}, context: 'two' })
    assert.equal(two.insecureSkipTlsVerify, true)
    assert.equal(two.tlsServerName, 's')
    assert.equal(two.namespace, 'default')
  })

  it('reads a token file again after ten seconds', async () => {
    const clock = fakeClock()
    file('token', 'first\n')
    const path = file('t', config('t', {}, { tokenFile: 'token' }))
    const { credentials } = loadConnection({ paths: [path], env: {}, clock })
    assert.equal(await credentials.authorization(), 'Bearer first')
    file('token', 'second')
    assert.equal(await credentials.authorization(), 'Bearer first')
    await clock.advance(10_000)
    assert.equal(await credentials.authorization(), 'Bearer second')
  })

  it('says what is wrong and what to run next', () => {
    const errors: [string, RegExp][] = [
      [file('yaml', '{a: ['), /is not YAML.*kubectl config view/],
      [file('list', '[1]'), /is not a kubeconfig.*brume kubeconfig/],
      [file('empty', ''), /names no current-context.*kubectl config use-context/],
      [file('ghost', { 'current-context': 'ghost' }), /has no context "ghost".*kubectl config get-contexts/],
      [join(folder, 'nothing'), /no kubeconfig at .*brume up/],
      [file('basic', config('b', {}, { username: 'u', password: 'p' })), /basic authentication/],
      [file('half', config('h', {}, { 'client-key-data': base64('K') })), /not both/],
    ]
    for (const [path, message] of errors) {
      assert.throws(
        () => loadConnection({ paths: [path], env: {} }),
        (error) => error instanceof KubeconfigError && message.test(error.message),
        path,
      )
    }
  })

  it('runs a credential plugin with its environment, keeps what it gives until it expires or is refused', async () => {
    const clock = fakeClock()
    const counter = join(folder, 'count')
    const script = file(
      'plugin.sh',
      `#!/bin/sh
echo x >> ${counter}
n=$(wc -l < ${counter})
case "$KUBERNETES_EXEC_INFO" in *'"server":"https://e"'*) ;; *) exit 9 ;; esac
printf '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"%s-%s-%s","expirationTimestamp":"2026-01-01T00:01:00Z"}}' "$1" "$MINE" "$n"
`,
    )
    chmodSync(script, 0o755)
    const exec = {
      apiVersion: 'client.authentication.k8s.io/v1',
      command: script,
      args: ['arg'],
      env: [{ name: 'MINE', value: 'env' }],
      provideClusterInfo: true,
    }
    const { credentials } = loadConnection({
      paths: [file('e', config('e', {}, { exec }))],
      env: { PATH: process.env['PATH'] },
      clock,
    })
    assert.equal(await credentials.authorization(), 'Bearer arg-env-1')
    assert.equal(await credentials.authorization(), 'Bearer arg-env-1')
    await clock.advance(60_000)
    assert.equal(await credentials.authorization(), 'Bearer arg-env-2')
    assert.equal(credentials.refresh(), true)
    assert.equal(await credentials.authorization(), 'Bearer arg-env-3')
  })

  it('says what is wrong with a credential plugin', async () => {
    const failing = async (exec: object) => {
      const path = file(
        'x',
        config('x', {}, { exec: { apiVersion: 'client.authentication.k8s.io/v1', ...exec } }),
      )
      const { credentials } = loadConnection({ paths: [path], env: { PATH: process.env['PATH'] } })
      return credentials.authorization().then(
        () => '',
        (error: Error) => error.message,
      )
    }
    assert.match(
      await failing({ command: '/nonexistent', installHint: 'apt install it' }),
      /cannot be run. apt install it/,
    )
    assert.match(await failing({ command: 'false' }), /failed with exit code 1/)
    assert.match(await failing({ command: 'echo', args: ['hello'] }), /did not print JSON/)
    assert.match(await failing({ command: 'echo', args: ['{}'] }), /did not print an ExecCredential/)
    assert.match(
      await failing({ command: 'head', args: ['-c', '3000000', '/dev/zero'] }),
      /more than 1048576 bytes/,
    )
    assert.match(
      await failing({ apiVersion: 'client.authentication.k8s.io/v1alpha1', command: 'x' }),
      /set it to/,
    )
  })
})
