import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { randomBytes, X509Certificate } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { certificateRequest } from '../testing/certificate-request.ts'
import { certificateSubject, pem } from './certificate.ts'
import { parseCertificateRequest } from './certificate-request.ts'
import { element } from './der.ts'
import { ensurePki, type Pki } from './ensure.ts'
import type { SubjectName } from './name.ts'
import { type SignerName, SignerRefusal, signCertificateRequest } from './signers.ts'

const START = Date.parse('2026-01-01T00:00:00Z')
const NODE = { commonName: 'system:node:n1', organizations: ['system:nodes'] }
let dir: string
let pki: Pki

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'brume-csr-'))
  pki = await ensurePki(dir, { hosts: [], clock: { now: () => START, after: () => ({ cancel() {} }) } })
})
after(() => rm(dir, { recursive: true }))

const dns = (name: string) => element(0x82, Buffer.from(name))
const ip = (...bytes: number[]) => element(0x87, Buffer.from(bytes))
const email = (name: string) => element(0x81, Buffer.from(name))

const CLIENT = ['digital signature', 'key encipherment', 'client auth']
const SERVER = ['digital signature', 'server auth']
type Case = [
  what: string,
  signer: SignerName,
  subject: SubjectName,
  names: Buffer[],
  usages: string[],
  refusal?: RegExp,
]
const KUBELET = 'kubernetes.io/kube-apiserver-client-kubelet'
const SERVING = 'kubernetes.io/kubelet-serving'
const API = 'kubernetes.io/kube-apiserver-client'
const CASES: Case[] = [
  ['a user', API, { commonName: 'anna', organizations: ['devs'] }, [], CLIENT],
  [
    'a user with the one usage that matters',
    API,
    { commonName: 'anna', organizations: [] },
    [],
    ['client auth'],
  ],
  ['a user as server', API, { commonName: 'anna', organizations: [] }, [], SERVER, /unexpected usages/],
  ['a node client', KUBELET, NODE, [], CLIENT],
  ['a node client without key encipherment', KUBELET, NODE, [], ['client auth', 'digital signature']],
  ['a node client with names', KUBELET, NODE, [dns('n1')], CLIENT, /^DNS subjectAltNames are not allowed$/],
  [
    'a node client with addresses',
    KUBELET,
    NODE,
    [ip(1, 2, 3, 4)],
    CLIENT,
    /^IP subjectAltNames are not allowed$/,
  ],
  [
    'a node client of other groups',
    KUBELET,
    { ...NODE, organizations: ['system:masters'] },
    [],
    CLIENT,
    /^subject organization is not system:nodes$/,
  ],
  [
    'a node client of more groups',
    KUBELET,
    { ...NODE, organizations: ['system:nodes', 'x'] },
    [],
    CLIENT,
    /^subject organization/,
  ],
  [
    'a node client by another name',
    KUBELET,
    { ...NODE, commonName: 'anna' },
    [],
    CLIENT,
    /^subject common name does not begin with system:node:/,
  ],
  ['a node client as server', KUBELET, NODE, [], SERVER, /^usages did not match/],
  ['a node server', SERVING, NODE, [dns('n1'), ip(10, 0, 0, 1)], SERVER],
  ['a node server without names', SERVING, NODE, [], SERVER, /^DNS or IP subjectAltName is required$/],
  [
    'a node server with mail',
    SERVING,
    NODE,
    [dns('n1'), email('a@b')],
    SERVER,
    /^Email subjectAltNames are not allowed$/,
  ],
]
for (const [what, signerName, subject, names, usages, refusal] of CASES) {
  test(`${signerName} ${refusal === undefined ? 'signs' : 'refuses'} ${what}`, async () => {
    const csrPem = await certificateRequest(subject, names)
    const run = () => signCertificateRequest(pki, { csrPem, signerName, usages, ttlSeconds: 3600 })
    if (refusal !== undefined) {
      assert.throws(run, (error) => error instanceof SignerRefusal && refusal.test(error.message))
      return
    }
    const certificate = new X509Certificate(run())
    assert.ok(certificate.checkIssued(pki.ca.certificate) && certificate.verify(pki.ca.certificate.publicKey))
    assert.deepEqual(certificateSubject(certificate.raw), subject)
    if (usages.includes('client auth')) verifiesAsClient(certificate)
    assert.equal(certificate.validToDate.getTime(), START + 3600_000)
    assert.deepEqual(certificate.keyUsage, [
      usages.includes('client auth') ? '1.3.6.1.5.5.7.3.2' : '1.3.6.1.5.5.7.3.1',
    ])
    if (names.length === 2) assert.equal(certificate.subjectAltName, 'DNS:n1, IP Address:10.0.0.1')
  })
}

for (const options of [
  ['-newkey', 'rsa:2048'],
  ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-384'],
  ['-newkey', 'ed25519'],
]) {
  test(`reads a request that OpenSSL made: ${options.join(' ')}`, {
    skip: !hasOpenssl() && 'openssl is not installed',
  }, async () => {
    const [key, file] = [join(dir, 'k.pem'), join(dir, 'r.pem')]
    const config = join(dir, 'r.cnf')
    await writeFile(
      config,
      '[req]\ndistinguished_name=dn\nreq_extensions=e\n[dn]\n[e]\nsubjectAltName=DNS:a.b,IP:fd00::1,URI:urn:x\n',
    )
    const arguments_ = [
      'req',
      '-new',
      '-nodes',
      ...options,
      '-keyout',
      key,
      '-out',
      file,
      '-subj',
      '/O=g1/O=g2/CN=anna',
      '-config',
      config,
    ]
    execFileSync('openssl', arguments_, { stdio: 'ignore' })
    const parsed = parseCertificateRequest(await readFile(file, 'utf8'))
    assert.deepEqual(parsed?.subject, { commonName: 'anna', organizations: ['g1', 'g2'] })
    assert.deepEqual(parsed?.altNames, {
      dnsNames: ['a.b'],
      ipAddresses: ['fd00:0000:0000:0000:0000:0000:0000:0001'],
      emailAddresses: [],
      uris: ['urn:x'],
    })
  })
}

test('never crashes on a damaged request, and never accepts one', async () => {
  const good = await certificateRequest(NODE, [dns('n1'), ip(10, 0, 0, 1)])
  const der = Buffer.from(good.replace(/-----[^-]+-----|\s/g, ''), 'base64')
  assert.notEqual(parseCertificateRequest(good), undefined)
  for (let at = 0; at < der.length; at++) {
    const broken = Buffer.from(der)
    broken[at]! ^= 1 << (at % 8)
    assert.equal(parseCertificateRequest(pem('CERTIFICATE REQUEST', broken)), undefined, `byte ${at}`)
    assert.equal(parseCertificateRequest(pem('CERTIFICATE REQUEST', der.subarray(0, at))), undefined)
    assert.equal(parseCertificateRequest(pem('CERTIFICATE REQUEST', randomBytes(at + 1))), undefined)
  }
  assert.equal(parseCertificateRequest(''), undefined)
  assert.equal(
    parseCertificateRequest('-----BEGIN CERTIFICATE REQUEST-----\n!\n-----END CERTIFICATE REQUEST-----'),
    undefined,
  )
})

/** OpenSSL, which the listener's TLS goes by, takes it for a client's. */
function verifiesAsClient(certificate: X509Certificate): void {
  if (!hasOpenssl()) return
  const time = String(START / 1000 + 60)
  const arguments_ = ['verify', '-attime', time, '-purpose', 'sslclient', '-CAfile', join(dir, 'ca.crt')]
  const output = execFileSync('openssl', arguments_, { input: certificate.toString(), encoding: 'utf8' })
  assert.match(output, /OK/)
}

function hasOpenssl(): boolean {
  try {
    execFileSync('openssl', ['version'])
    return true
  } catch {
    return false
  }
}
