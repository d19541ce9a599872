import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import type { Clock } from '@brume/base/clock'
import { certificateSubject } from './certificate.ts'
import { issueClientCertificate } from './client-certificate.ts'
import { ensurePki } from './ensure.ts'
import { PkiError } from './files.ts'
import { adminKubeconfig } from './kubeconfig.ts'

const DAY_MS = 24 * 3600_000
const START = Date.parse('2026-01-01T00:00:00Z')
let dir: string

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'brume-pki-'))
})
afterEach(() => rm(dir, { recursive: true, force: true }))

function clockAt(now: number): Clock {
  return { now: () => now, after: () => ({ cancel() {} }) }
}
const ensure = (hosts: string[] = [], now = START) => ensurePki(dir, { hosts, clock: clockAt(now) })
const text = (name: string) => readFile(join(dir, name), 'utf8')

test('makes every key and certificate once and keeps them afterwards', async () => {
  const first = await ensure()
  const files = [
    'admin.crt',
    'admin.key',
    'apiserver-kubelet-client.crt',
    'apiserver-kubelet-client.key',
    'apiserver.crt',
    'apiserver.key',
    'ca.crt',
    'ca.key',
    'sa.key',
    'sa.pub',
  ]
  assert.deepEqual((await readdir(dir)).sort(), files)
  for (const name of files.filter((file) => file.endsWith('.key'))) {
    assert.equal((await stat(join(dir, name))).mode & 0o777, 0o600, name)
  }
  const second = await ensure()
  assert.equal(second.ca.certificatePem, first.ca.certificatePem)
  assert.deepEqual(second.server, first.server)
  assert.deepEqual(second.admin, first.admin)
})

test('the server certificate is good for every name of the API', async () => {
  const { server, ca } = await ensure(['fog1', '192.168.7.4', 'fd00::7'])
  const certificate = new X509Certificate(server.certificatePem)
  for (const name of ['localhost', 'kubernetes.default.svc.cluster.local', 'fog1']) {
    assert.equal(certificate.checkHost(name), name)
  }
  for (const address of ['127.0.0.1', '10.96.0.1', '192.168.7.4']) {
    assert.equal(certificate.checkIP(address), address)
  }
  for (const address of ['::1', 'fd00::7']) assert.notEqual(certificate.checkIP(address), undefined)
  assert.ok(certificate.checkIssued(ca.certificate) && certificate.verify(ca.certificate.publicKey))
})

test('OpenSSL accepts the chain for its purposes', {
  skip: !hasOpenssl() && 'openssl is not installed',
}, async () => {
  await ensurePki(dir, { hosts: [], clock: clockAt(Date.now()) })
  const verify = (purpose: string, name: string) =>
    execFileSync(
      'openssl',
      ['verify', '-x509_strict', '-purpose', purpose, '-CAfile', join(dir, 'ca.crt'), join(dir, name)],
      {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      },
    )
  assert.match(verify('sslserver', 'apiserver.crt'), /OK/)
  assert.match(verify('sslclient', 'admin.crt'), /OK/)
  assert.throws(() => verify('sslserver', 'admin.crt'))
})

test('the server certificate is renewed when a name is added, in its last quarter, and when it is damaged', async () => {
  const first = (await ensure()).server
  assert.notEqual((await ensure(['fog2'])).server.certificatePem, first.certificatePem)
  const second = (await ensure()).server
  assert.deepEqual((await ensure([], START + 270 * DAY_MS)).server, second)
  const third = (await ensure([], START + 280 * DAY_MS)).server
  assert.notEqual(third.certificatePem, second.certificatePem)
  await writeFile(join(dir, 'apiserver.key'), 'not a key')
  assert.notEqual((await ensure([], START + 280 * DAY_MS)).server.certificatePem, third.certificatePem)
})

const LOSSES = [
  {
    lost: 'ca.key',
    as: undefined,
    message: /ca\.key is missing: restore it from a backup, or remove .*ca\.crt too/,
  },
  {
    lost: 'ca.key',
    as: '-----BEGIN PRIVATE KEY-----\nAAAA\n',
    message: /ca\.key holds no readable private key/,
  },
  { lost: 'ca.crt', as: 'x', message: /ca\.crt holds no readable certificate: .*made again from .*ca\.key/ },
  { lost: 'sa.key', as: undefined, message: /sa\.key is missing: .*remove .*sa\.pub too/ },
  { lost: 'sa.key', as: '', message: /sa\.key holds no readable private key/ },
  { lost: 'sa.pub', as: 'x', message: /sa\.pub holds no readable public key/ },
]
for (const { lost, as, message } of LOSSES) {
  test(`${lost} ${as === undefined ? 'missing' : `holding ${JSON.stringify(as)}`} is an error that names the way out`, async () => {
    await ensure()
    if (as === undefined) await rm(join(dir, lost))
    else await writeFile(join(dir, lost), as)
    await assert.rejects(ensure(), (error) => error instanceof PkiError && message.test(error.message))
  })
}

test('a CA certificate of another key is refused', async () => {
  await ensure()
  const other = await mkdtemp(join(tmpdir(), 'brume-pki-'))
  try {
    await ensurePki(other, { hosts: [], clock: clockAt(START) })
    await writeFile(join(dir, 'ca.crt'), await readFile(join(other, 'ca.crt')))
    await assert.rejects(ensure(), /ca\.crt does not belong to .*ca\.key/)
  } finally {
    await rm(other, { recursive: true })
  }
})

test('an expired CA certificate is refused', async () => {
  await ensure()
  await assert.rejects(
    ensure([], START + 3651 * DAY_MS),
    /ca\.crt expired on 2035-12-30T00:00:00\.000Z: remove it/,
  )
})

test('a lost CA certificate is made again from its key and still vouches for what was issued', async () => {
  const before = await ensure()
  await rm(join(dir, 'ca.crt'))
  const after = await ensure()
  assert.equal(after.server.certificatePem, before.server.certificatePem)
  assert.ok(new X509Certificate(before.admin.certificatePem).checkIssued(after.ca.certificate))
})

test('further public keys in sa.pub stay trusted', async () => {
  const before = await ensure()
  const old = await text('sa.pub')
  await rm(join(dir, 'sa.key'))
  await rm(join(dir, 'sa.pub'))
  await ensure()
  await writeFile(join(dir, 'sa.pub'), `${await text('sa.pub')}${old}`)
  const after = await ensure()
  assert.equal(after.serviceAccount.publicKeys.length, 2)
  assert.ok(after.serviceAccount.publicKeys[1]!.equals(before.serviceAccount.publicKeys[0]!))
})

test('client certificates carry the name and the groups', async () => {
  const pki = await ensure()
  const client = await issueClientCertificate(pki, {
    commonName: 'system:node:fog1',
    organizations: ['system:nodes', 'a+b, c=d\ne'],
    ttlSeconds: 3600,
  })
  const certificate = new X509Certificate(client.certificatePem)
  assert.deepEqual(certificateSubject(certificate.raw), {
    commonName: 'system:node:fog1',
    organizations: ['system:nodes', 'a+b, c=d\ne'],
  })
  assert.equal(certificate.validToDate.getTime(), START + 3600_000)
})

test('the admin kubeconfig embeds the CA, the certificate and the key', async () => {
  const pki = await ensure()
  const config = adminKubeconfig(pki, 'https://127.0.0.1:6443')
  const embedded = (field: string) =>
    Buffer.from(new RegExp(`${field}: (\\S+)`).exec(config)?.[1] ?? '', 'base64').toString()
  assert.match(config, /server: "https:\/\/127\.0\.0\.1:6443"/)
  assert.equal(embedded('certificate-authority-data'), pki.ca.certificatePem)
  assert.equal(embedded('client-certificate-data'), pki.admin.certificatePem)
  assert.equal(embedded('client-key-data'), pki.admin.privateKeyPem)
})

function hasOpenssl(): boolean {
  try {
    execFileSync('openssl', ['version'])
    return true
  } catch {
    return false
  }
}
