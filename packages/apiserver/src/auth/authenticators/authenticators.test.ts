import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, test } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import { isStatus } from '@brume/base/errors'
import type { ApiRequest } from '../../http/types.ts'
import { issueClientCertificate } from '../pki/client-certificate.ts'
import { ensurePki, type Pki } from '../pki/ensure.ts'
import { type Auth, createAuth, DEFAULT_ISSUER } from '../testing/create.ts'
import { ObjectMap } from '../testing/object-map.ts'
import { issueServiceAccountToken, serviceAccountTokenFor, type TokenSpec } from '../tokens/issue.ts'

const START = Date.parse('2026-01-01T00:00:00Z')
const ACCOUNT = { namespace: 'ci', name: 'robot', uid: 'u1' }
let now = START
const clock = { now: () => now, after: () => ({ cancel() {} }) }
let dir: string
let pki: Pki
let objects: ObjectMap
let auth: Auth

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'brume-auth-'))
  pki = await ensurePki(dir, { hosts: [], clock })
})
after(() => rm(dir, { recursive: true }))
beforeEach(() => {
  now = START
  objects = new ObjectMap()
  objects.put('', 'serviceaccounts', object('ServiceAccount', ACCOUNT))
  auth = createAuth({ pki, reader: objects, clock })
})

function object(
  kind: string,
  metadata: KubeObject['metadata'],
  fields: Record<string, unknown> = {},
): KubeObject {
  return { apiVersion: 'v1', kind, metadata, ...fields }
}

function request(headers: Record<string, string>, clientCertificate?: Buffer): ApiRequest {
  return {
    ...{ method: 'GET', path: '/api', query: new URLSearchParams(), headers, remoteAddress: '127.0.0.1' },
    bodyBytesToCome: 0,
    readBody: () => Promise.resolve(Buffer.alloc(0)),
    signal: new AbortController().signal,
    ...(clientCertificate === undefined ? {} : { clientCertificate }),
  }
}

const who = async (headers: Record<string, string>, certificate?: Buffer) =>
  auth.authenticator.authenticate(request(headers, certificate))
const bearer = (token: string) => who({ authorization: `Bearer ${token}` })
const refused = (answer: Promise<unknown>, cause?: RegExp) =>
  assert.rejects(answer, (error) => {
    assert.ok(isStatus(error, 'Unauthorized'), String(error))
    assert.equal(error.message, 'Unauthorized')
    if (cause !== undefined) assert.match((error.cause as Error).message, cause)
    return true
  })
const derOf = (pem: string) => Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64')

function token(spec: Partial<TokenSpec> = {}): string {
  const audiences = [DEFAULT_ISSUER]
  const base = { issuer: DEFAULT_ISSUER, audiences, serviceAccount: ACCOUNT, now, expirationSeconds: 3600 }
  return issueServiceAccountToken({ ...base, ...spec }, pki.serviceAccount.privateKey)
}

test('a caller without credentials is the anonymous user', async () => {
  assert.deepEqual(await who({}), { name: 'system:anonymous', groups: ['system:unauthenticated'] })
})

test('an in-process caller is who it says', async () => {
  const user = { name: 'controller', groups: [] }
  const answer = await auth.authenticator.authenticate({ ...request({}), user })
  assert.deepEqual(answer, { name: 'controller', groups: ['system:authenticated'] })
})

test('a client certificate gives name and groups', async () => {
  const { certificatePem } = await issueClientCertificate(pki, {
    commonName: 'anna',
    organizations: ['devs', 'ops'],
    ttlSeconds: 3600,
  })
  const user = await who({}, derOf(certificatePem))
  assert.equal(user?.name, 'anna')
  assert.deepEqual(user?.groups, ['devs', 'ops', 'system:authenticated'])
  assert.match(
    user?.extra?.['authentication.kubernetes.io/credential-id']?.[0] ?? '',
    /^X509SHA256=[0-9a-f]{64}$/,
  )
  assert.equal(await who({}, derOf(certificatePem)), user)
  now += 3601_000
  await refused(who({}, derOf(certificatePem)), /expired/)
})

test('a node that was removed is told so until it has a certificate of a later time', async () => {
  const issue = async (commonName: string) => {
    const request = { commonName, organizations: ['system:nodes'], ttlSeconds: 3600 }
    return derOf((await issueClientCertificate(pki, request)).certificatePem)
  }
  const [before, other] = [await issue('system:node:two'), await issue('system:node:one')]
  assert.equal((await who({}, before))?.name, 'system:node:two')
  const record = (data: Record<string, string>) =>
    objects.put(
      '',
      'configmaps',
      object('ConfigMap', { namespace: 'kube-system', name: 'removed-nodes' }, { data }),
    )
  record({ two: new Date(now).toISOString() })
  const isTold = (error: unknown) =>
    isStatus(error, 'Unauthorized') && error.details?.causes?.[0]?.reason === 'NodeRemoved'
  await assert.rejects(who({}, before), isTold)
  assert.equal((await who({}, other))?.name, 'system:node:one')
  now += 1000
  assert.equal((await who({}, await issue('system:node:two')))?.name, 'system:node:two')
  await assert.rejects(who({}, before), isTold)
  record({ two: 'some day' })
  await assert.rejects(who({}, await issue('system:node:two')), isTold)
  objects.remove('', 'configmaps', 'kube-system', 'removed-nodes')
  assert.equal((await who({}, before))?.name, 'system:node:two')
})

test('certificates of another CA, for servers, or of the CA itself are refused', async () => {
  const other = await mkdtemp(join(tmpdir(), 'brume-auth-'))
  try {
    const foreign = await ensurePki(other, { hosts: [], clock })
    await refused(who({}, derOf(foreign.admin.certificatePem)), /unknown authority/)
    await refused(who({}, derOf(pki.server.certificatePem)), /not one for client authentication/)
    await refused(who({}, derOf(pki.ca.certificatePem)), /not one for client authentication/)
  } finally {
    await rm(other, { recursive: true })
  }
})

test('a service account token gives the account, its groups and what it is bound to', async () => {
  objects.put('', 'pods', object('Pod', { namespace: 'ci', name: 'p', uid: 'pu' }))
  const user = await bearer(token({ pod: { name: 'p', uid: 'pu' }, node: { name: 'n', uid: 'nu' } }))
  assert.equal(user?.name, 'system:serviceaccount:ci:robot')
  assert.equal(user?.uid, 'u1')
  assert.deepEqual(user?.groups, [
    'system:serviceaccounts',
    'system:serviceaccounts:ci',
    'system:authenticated',
  ])
  assert.deepEqual(user?.extra?.['authentication.kubernetes.io/pod-name'], ['p'])
  assert.deepEqual(user?.extra?.['authentication.kubernetes.io/node-uid'], ['nu'])
  assert.match(user?.extra?.['authentication.kubernetes.io/credential-id']?.[0] ?? '', /^JTI=[0-9a-f-]{36}$/)
})

const WRONG: { what: string; spec: Partial<TokenSpec>; cause: RegExp }[] = [
  { what: 'that has ended', spec: { now: START - 4000_000 }, cause: /has expired/ },
  { what: 'from the future', spec: { now: START + 120_000 }, cause: /not valid yet/ },
  { what: 'for someone else', spec: { audiences: ['vault'] }, cause: /target audiences/ },
  { what: 'of another issuer', spec: { issuer: 'https://elsewhere' }, cause: /nobody knows/ },
  { what: 'of a missing account', spec: { serviceAccount: { ...ACCOUNT, name: 'x' } }, cause: /invalidated/ },
  { what: 'of an account made anew', spec: { serviceAccount: { ...ACCOUNT, uid: 'u0' } }, cause: /UID/ },
  { what: 'bound to a missing pod', spec: { pod: { name: 'p', uid: 'x' } }, cause: /invalidated/ },
  { what: 'bound to a missing secret', spec: { secret: { name: 's', uid: 'x' } }, cause: /invalidated/ },
  { what: 'bound to a missing node', spec: { node: { name: 'n', uid: 'x' } }, cause: /invalidated/ },
]
for (const { what, spec, cause } of WRONG) {
  test(`a token ${what} is refused`, () => refused(bearer(token(spec)), cause))
}

test('a token ends with the object it is bound to, also when it was accepted before', async () => {
  objects.put('', 'pods', object('Pod', { namespace: 'ci', name: 'p', uid: 'pu' }))
  const bound = token({ pod: { name: 'p', uid: 'pu' } })
  await bearer(bound)
  objects.remove('', 'pods', 'ci', 'p')
  await refused(bearer(bound), /invalidated/)
  objects.put('', 'pods', object('Pod', { namespace: 'ci', name: 'p', uid: 'another' }))
  await refused(bearer(bound), /Pod UID/)
})

test('a changed, unsigned or foreign-signed token is refused', async () => {
  const good = token()
  const [head = '', body = '', signature = ''] = good.split('.')
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const claims = JSON.parse(Buffer.from(body, 'base64url').toString())
  await refused(bearer(`${head}.${encode({ ...claims, sub: 'system:serviceaccount:ci:boss' })}.${signature}`))
  await refused(bearer(`${encode({ alg: 'none' })}.${body}.`))
  await refused(bearer(`${encode({ alg: 'none' })}.${body}.AA`))
  await refused(bearer(`${encode({ alg: 'HS256' })}.${body}.${signature}`))
  const other = await mkdtemp(join(tmpdir(), 'brume-auth-'))
  try {
    const foreign = await ensurePki(other, { hosts: [], clock })
    const spec = { issuer: DEFAULT_ISSUER, audiences: [DEFAULT_ISSUER], serviceAccount: ACCOUNT, now }
    const { privateKey } = foreign.serviceAccount
    await refused(
      bearer(issueServiceAccountToken({ ...spec, expirationSeconds: 60 }, privateKey)),
      /known key/,
    )
  } finally {
    await rm(other, { recursive: true })
  }
})

test('a token kept in a Secret is good while the Secret holds it', async () => {
  const text = serviceAccountTokenFor(
    { serviceAccount: ACCOUNT, secretName: 's' },
    pki.serviceAccount.privateKey,
  )
  await refused(bearer(text), /invalidated/)
  const secret = (data: string, labels = {}) =>
    object(
      'Secret',
      { namespace: 'ci', name: 's', uid: 'su', labels },
      {
        data: { token: Buffer.from(data).toString('base64') },
      },
    )
  objects.put('', 'secrets', secret('another'))
  await refused(bearer(text), /server's copy/)
  objects.put('', 'secrets', secret(text))
  assert.equal((await bearer(text))?.name, 'system:serviceaccount:ci:robot')
  objects.put('', 'secrets', secret(text, { 'kubernetes.io/legacy-token-invalid-since': '2026-01-01' }))
  await refused(bearer(text), /marked invalid/)
})

function bootstrapSecret(change: Record<string, string | undefined> = {}): KubeObject {
  const fields = {
    ...{ 'token-id': 'abcdef', 'token-secret': '0123456789abcdef', 'usage-bootstrap-authentication': 'true' },
    ...{
      expiration: '2026-01-01T01:00:00Z',
      'auth-extra-groups': 'system:bootstrappers:kubeadm:default-node-token',
    },
    ...change,
  }
  const data: Record<string, string> = {}
  for (const [key, value] of Object.entries(fields)) {
    if (value !== undefined) data[key] = Buffer.from(value).toString('base64')
  }
  const metadata = { namespace: 'kube-system', name: 'bootstrap-token-abcdef' }
  return object('Secret', metadata, { type: 'bootstrap.kubernetes.io/token', data })
}

test('a bootstrap token gives the bootstrap groups until it ends', async () => {
  objects.put('', 'secrets', bootstrapSecret())
  assert.deepEqual(await bearer('abcdef.0123456789abcdef'), {
    name: 'system:bootstrap:abcdef',
    groups: [
      'system:bootstrappers',
      'system:bootstrappers:kubeadm:default-node-token',
      'system:authenticated',
    ],
  })
  now += 3600_000
  await refused(bearer('abcdef.0123456789abcdef'), /expired/)
})

const BOOTSTRAP_REFUSALS: [string, Record<string, string | undefined>][] = [
  ['the wrong secret', { 'token-secret': 'fedcba9876543210' }],
  ['another id', { 'token-id': 'ghijkl' }],
  ['no use for authentication', { 'usage-bootstrap-authentication': undefined }],
  ['a time that cannot be read', { expiration: 'tomorrow' }],
  ['a group outside bootstrappers', { 'auth-extra-groups': 'system:masters' }],
]
for (const [what, change] of BOOTSTRAP_REFUSALS) {
  test(`a bootstrap token with ${what} is refused`, async () => {
    objects.put('', 'secrets', bootstrapSecret(change))
    await refused(bearer('abcdef.0123456789abcdef'))
  })
}

test('a bearer token may come as a WebSocket subprotocol', async () => {
  const protocol = `base64url.bearer.authorization.k8s.io.${Buffer.from(token()).toString('base64url')}`
  const user = await who({ upgrade: 'websocket', 'sec-websocket-protocol': `v5.channel.k8s.io, ${protocol}` })
  assert.equal(user?.name, 'system:serviceaccount:ci:robot')
})

test('never crashes on a damaged token or certificate: always 401', async () => {
  const good = token()
  const certificate = derOf(pki.admin.certificatePem)
  for (let round = 0; round < 300; round++) {
    const at = Math.floor((round / 300) * good.length)
    const changed = good[at] === 'A' ? 'B' : 'A'
    // The last characters of a part hold bits that base64url ignores.
    const mutated = `${good.slice(0, at)}${changed}${good.slice(at + 1)}`
    const padded = mutated
      .split('.')
      .map((part) => Buffer.from(part, 'base64url').toString('base64url'))
      .join('.')
    if (padded !== good) await refused(bearer(mutated))
    await refused(bearer(good.slice(0, at + 1) === good ? 'x' : good.slice(0, at) || 'x'))
    await refused(bearer(randomBytes(round + 1).toString('base64url')))
    const broken = Buffer.from(certificate)
    broken[Math.floor((round / 300) * broken.length)]! ^= 1 << (round % 8)
    await refused(who({}, broken))
    await refused(who({}, certificate.subarray(0, Math.floor((round / 300) * certificate.length))))
  }
})
