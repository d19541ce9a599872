// curl, with a certificate and with a token, over both versions of HTTP.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { startTestControlPlane, type TestControlPlane } from '@brume/testkit/control-plane'

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps'
const LIMIT_MS = 60_000

let plane: TestControlPlane
before(async () => {
  plane = await startTestControlPlane()
})
after(() => plane.stop())

interface Result {
  code: number | string | null
  stdout: string
  stderr: string
}

function curl(args: readonly string[], input = ''): Promise<Result> {
  const child = spawn('curl', ['--silent', '--show-error', ...args], { timeout: LIMIT_MS })
  let [stdout, stderr] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve({ code: code ?? signal, stdout, stderr }))
  })
}

/** What curl of this machine can do; undefined when there is none. */
const version = await curl(['--version']).catch(() => undefined)
const skip = version === undefined && 'curl is not installed'

const pki = (name: string) => join(plane.dir.pki, name)
const admin = () => ['--cacert', pki('ca.crt'), '--cert', pki('admin.crt'), '--key', pki('admin.key')]

async function call(protocol: string, path: string, args: readonly string[] = [], input = '') {
  const written = ['--write-out', '\n%{http_code} %{http_version}']
  const result = await curl([protocol, ...admin(), ...written, ...args, plane.plane.url + path], input)
  assert.equal(result.code, 0, result.stderr)
  const lines = result.stdout.split('\n')
  const [status, used] = lines.pop()!.split(' ')
  return { status: Number(status), used, text: lines.join('\n') }
}

for (const [protocol, used] of [
  ['--http1.1', '1.1'],
  ['--http2', '2'],
] as const) {
  const missing = used === '2' && version?.stdout.includes('HTTP2') !== true && 'this curl has no HTTP/2'

  test(`curl ${protocol} creates, reads, watches and deletes`, { skip: skip || missing }, async () => {
    const name = `curl-${used.replace('.', '-')}`
    const body = JSON.stringify({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name },
      data: { a: 'x'.repeat(100_000) },
    })
    const post = ['--header', 'Content-Type: application/json', '--data-binary', '@-']
    const made = await call(protocol, CONFIG_MAPS, post, body)
    assert.deepEqual([made.status, made.used], [201, used], made.text)
    const read = await call(protocol, `${CONFIG_MAPS}/${name}`)
    assert.deepEqual(JSON.parse(read.text), JSON.parse(made.text))
    const events = await call(
      protocol,
      `${CONFIG_MAPS}?watch=1&timeoutSeconds=1&fieldSelector=metadata.name=${name}`,
      ['--no-buffer'],
    )
    assert.equal(JSON.parse(events.text.split('\n')[0]!).type, 'ADDED')
    const removed = await call(protocol, `${CONFIG_MAPS}/${name}`, ['--request', 'DELETE'])
    assert.deepEqual([removed.status, JSON.parse(removed.text).status], [200, 'Success'])
    const missed = await call(protocol, `${CONFIG_MAPS}/${name}`)
    assert.deepEqual([missed.status, JSON.parse(missed.text).reason], [404, 'NotFound'])
  })
}

test('curl gets what a person can read, unless it asks for it plain', { skip }, async () => {
  const path = '/api/v1/namespaces/default'
  assert.match((await call('--http1.1', path)).text, /^\{\n {2}"kind": "Namespace",\n/)
  assert.match((await call('--http1.1', '/api/v1/namespaces')).text, /^\{\n {2}"kind": "NamespaceList",\n/)
  assert.match((await call('--http1.1', `${path}?pretty=false`)).text, /^\{"kind":"Namespace",/)
  assert.match((await call('--http1.1', path, ['--user-agent', 'robot'])).text, /^\{"kind":"Namespace",/)
})

test('curl without credentials is told who it is and what it may not', { skip }, async () => {
  const { stdout } = await curl(['--cacert', pki('ca.crt'), plane.plane.url + CONFIG_MAPS])
  assert.match(JSON.parse(stdout).message, /User "system:anonymous" cannot list resource "configmaps"/)
  const bad = await curl([
    '--cacert',
    pki('ca.crt'),
    '--header',
    'Authorization: Bearer none',
    plane.plane.url + CONFIG_MAPS,
  ])
  assert.equal(JSON.parse(bad.stdout).reason, 'Unauthorized')
  const untrusted = await curl([plane.plane.url + CONFIG_MAPS])
  assert.equal(untrusted.code, 60, 'the certificate is of an authority that curl does not know')
})
