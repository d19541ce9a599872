// Who comes in and as whom: certificates, tokens and impersonation, forged, expired, foreign and mixed.

import assert from 'node:assert/strict'
import { createHmac, type KeyObject } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { buildCertificate } from '@brume/apiserver/auth/pki/certificate'
import { issueClientCertificate } from '@brume/apiserver/auth/pki/client-certificate'
import { ensurePki } from '@brume/apiserver/auth/pki/ensure'
import { newEcKeyPair, newRsaKeyPair } from '@brume/apiserver/auth/pki/keys'
import { issueServiceAccountToken } from '@brume/apiserver/auth/tokens/issue'
import { signToken } from '@brume/apiserver/auth/tokens/jwt'
import { systemClock } from '@brume/base/clock'
import { ISSUER } from '@brume/server/identity'
import { startTestControlPlane, type TestControlPlane } from '@brume/testkit/control-plane'
import { httpOf } from '@brume/testkit/http'
import { grant, mustCreate } from './people.ts'
import { adminKey, type ClientKey, http1 } from './raw.ts'

const HOUR_MS = 3600_000
const WHOAMI = '/apis/authentication.k8s.io/v1/selfsubjectreviews'
const NS = '/api/v1/namespaces/default'
const MASTERS = { commonName: 'root', organizations: ['system:masters'] }

let plane: TestControlPlane
before(async () => {
  plane = await startTestControlPlane()
  await mustCreate(plane, `${NS}/serviceaccounts`, { metadata: { name: 'robot' } })
})
after(() => plane.stop())

/** 401, or who the server takes the caller for; anonymous callers may not ask. */
async function whoAmI(headers: readonly string[], client?: ClientKey): Promise<string> {
  const body = '{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}'
  const answer = await http1(plane, {
    ...{ method: 'POST', path: WHOAMI, body, client },
    headers: ['content-type: application/json', ...headers],
  })
  if (answer.status === 401) return '401'
  if (answer.status === 403) return /User \\"([^"\\]*)\\"/.exec(answer.text)?.[1] ?? answer.text
  assert.equal(answer.status, 201, answer.text)
  const { userInfo } = JSON.parse(answer.text.split('\r\n\r\n')[1]!).status
  return `${userInfo.username} ${(userInfo.groups ?? []).join()}`
}

async function certificate(of: {
  subject?: { commonName: string; organizations: string[] }
  signer?: KeyObject
  isCa?: boolean
  extKeyUsages?: ('client auth' | 'server auth')[]
  from?: number
  to?: number
}): Promise<ClientKey> {
  const pair = await newEcKeyPair()
  const { ca } = plane.plane.pki
  const certificatePem = buildCertificate({
    subject: of.subject ?? MASTERS,
    issuer: { subject: ca.subject, key: of.signer ?? ca.privateKey },
    publicKey: pair.publicKey,
    isCa: of.isCa ?? false,
    keyUsages: of.isCa ? ['digital signature', 'cert sign'] : ['digital signature'],
    extKeyUsages: of.extKeyUsages ?? ['client auth'],
    notBefore: Date.now() + (of.from ?? -HOUR_MS),
    notAfter: Date.now() + (of.to ?? HOUR_MS),
  })
  return { certificatePem, privateKeyPem: pair.privatePem }
}

test('certificates let in only whom this CA certified for that, while it lasts', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'brume-foreign-'))
  try {
    // The same name and another key: what a reinstalled or an attacker's cloud would have.
    const foreign = await ensurePki(folder, { hosts: [], clock: systemClock })
    const { pki } = plane.plane
    const issued = await issueClientCertificate(foreign, { ...MASTERS, ttlSeconds: 3600 })
    const cases: [string, ClientKey][] = [
      ["of another cloud's administrator", foreign.admin],
      ['issued by another cloud', issued],
      ['signed by another key under our name', await certificate({ signer: foreign.ca.privateKey })],
      ['expired', await certificate({ from: -2 * HOUR_MS, to: -1 })],
      ['not valid yet', await certificate({ from: HOUR_MS, to: 2 * HOUR_MS })],
      ['for servers', await certificate({ extKeyUsages: ['server auth'] })],
      ['of the server itself', pki.server],
      ['of an intermediate CA', await certificate({ isCa: true })],
      [
        'of the CA itself',
        {
          certificatePem: pki.ca.certificatePem,
          privateKeyPem: String(pki.ca.privateKey.export({ type: 'pkcs8', format: 'pem' })),
        },
      ],
      [
        'without a name',
        await certificate({ subject: { commonName: '', organizations: ['system:masters'] } }),
      ],
    ]
    for (const [what, client] of cases) assert.equal(await whoAmI([], client), '401', `certificate ${what}`)
    // One that an accepted intermediate would have signed.
    const middle = await newEcKeyPair()
    const leaf = await certificate({ signer: middle.privateKey })
    assert.equal(await whoAmI([], leaf), '401')
    const good = await certificate({ subject: { commonName: 'anna', organizations: ['a', 'b'] } })
    assert.equal(await whoAmI([], good), 'anna a,b,system:authenticated')
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

test('nobody is let in by headers, queries or basic authentication', async () => {
  for (const header of [
    'x-remote-user: admin\r\nx-remote-group: system:masters',
    'x-forwarded-user: admin',
    `authorization: Basic ${Buffer.from('admin:admin').toString('base64')}`,
    'authorization: Bearer',
    'authorization: Bearer ',
    'authorization: Negotiate abc',
    'cookie: token=abc',
    'impersonate-user: ',
  ]) {
    assert.equal(await whoAmI([header]), 'system:anonymous', header)
  }
  const { body } = await token({})
  const inQuery = await http1(plane, { path: `${NS}/pods?access_token=${body}&token=${body}` })
  assert.equal(inQuery.status, 403)
  for (const header of [
    'authorization: Bearer x',
    'authorization: bearer a.b.c',
    'authorization: Bearer abcdef.0123456789abcdef',
  ]) {
    assert.equal(await whoAmI([header]), '401', header)
  }
})

const robot = 'system:serviceaccount:default:robot'
async function token(spec: object): Promise<{ body: string; status: number }> {
  const path = `${NS}/serviceaccounts/robot/token`
  const answer = await httpOf(plane).send('POST', path, { spec })
  return { body: answer.body?.status?.token ?? answer.text, status: answer.status }
}
const bearer = (text: string) => [`authorization: Bearer ${text}`]

test('tokens are good as they were signed and in no other form', async () => {
  const { body: good } = await token({})
  assert.match(await whoAmI(bearer(good)), new RegExp(`^${robot} `))
  const [head = '', claims = '', signature = ''] = good.split('.')
  const read = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString())
  const write = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const { publicKeys, privateKey } = plane.plane.pki.serviceAccount
  const spki = publicKeys[0]!.export({ type: 'spki', format: 'pem' })
  const hmac = (input: string) => createHmac('sha256', spki).update(input).digest('base64url')
  const none = write({ ...read(head), alg: 'none' })
  const symmetric = write({ ...read(head), alg: 'HS256' })
  const other = await newRsaKeyPair()
  const forOther = { ...read(claims), sub: 'system:serviceaccount:kube-system:default' }
  const seconds = Math.floor(Date.now() / 1000)
  const forged: [string, string][] = [
    ['without signature', `${none}.${claims}.`],
    ['of algorithm none', `${none}.${claims}.${signature}`],
    ['in upper case none', `${write({ alg: 'NONE' })}.${claims}.${signature}`],
    ['by the public key as a secret', `${symmetric}.${claims}.${hmac(`${symmetric}.${claims}`)}`],
    ['with other claims', `${head}.${write(forOther)}.${signature}`],
    ['by another key', signToken(read(claims), other.privateKey)],
    [
      'with its own key',
      `${write({ ...read(head), jwk: other.publicKey.export({ format: 'jwk' }) })}.${claims}.${signature}`,
    ],
    ['for the subject of another', signToken(forOther, privateKey)],
    ['of another issuer', signToken({ ...read(claims), iss: 'https://evil.example.com' }, privateKey)],
    ['for another audience', signToken({ ...read(claims), aud: ['vault'] }, privateKey)],
    ['for no audience', signToken({ ...read(claims), aud: [] }, privateKey)],
    ['that ended', signToken({ ...read(claims), exp: seconds - 120 }, privateKey)],
    ['without an end', signToken({ ...read(claims), exp: undefined }, privateKey)],
    ['that ends in words', signToken({ ...read(claims), exp: '99999999999' }, privateKey)],
    ['of the future', signToken({ ...read(claims), nbf: seconds + 3600 }, privateKey)],
    ['with critical extensions', `${write({ ...read(head), crit: ['b64'] })}.${claims}.${signature}`],
    ['of five parts', `${good}.a.b`],
    ['with a line break', `${good}%0a`],
  ]
  for (const [what, text] of forged) assert.equal(await whoAmI(bearer(text)), '401', `token ${what}`)
})

test('a token ends with what it is bound to', async () => {
  const http = httpOf(plane)
  const kinds: [string, object][] = [
    ['pods', { spec: { serviceAccountName: 'robot', containers: [{ name: 'c', image: 'i' }] } }],
    ['secrets', {}],
  ]
  for (const [plural, more] of kinds) {
    const kind = plural === 'pods' ? 'Pod' : 'Secret'
    const make = () =>
      mustCreate(plane, `${NS}/${plural}`, { apiVersion: 'v1', kind, metadata: { name: 'bound' }, ...more })
    const { body: made } = await make()
    const { body: text } = await token({
      boundObjectRef: { apiVersion: 'v1', kind, name: 'bound', uid: made.metadata.uid },
    })
    assert.match(await whoAmI(bearer(text)), new RegExp(robot))
    await http.send('DELETE', `${NS}/${plural}/bound`, { gracePeriodSeconds: 0 })
    assert.equal(await whoAmI(bearer(text)), '401', `${plural} is gone`)
    await make()
    assert.equal(await whoAmI(bearer(text)), '401', `${plural} is another of that name`)
  }
  const { body: text } = await token({})
  await http.send('DELETE', `${NS}/serviceaccounts/robot`)
  assert.equal(await whoAmI(bearer(text)), '401')
  const { body: again } = await mustCreate(plane, `${NS}/serviceaccounts`, { metadata: { name: 'robot' } })
  assert.equal(await whoAmI(bearer(text)), '401', 'the account is another of that name')
  const stolen = issueServiceAccountToken(
    {
      ...{ issuer: ISSUER, audiences: ['vault'], now: Date.now(), expirationSeconds: 3600 },
      serviceAccount: { namespace: 'default', name: 'robot', uid: again.metadata.uid },
    },
    plane.plane.pki.serviceAccount.privateKey,
  )
  assert.equal(await whoAmI(bearer(stolen)), '401', 'a token for another service is none for the API')
})

test('bootstrap tokens are good only as their Secret says', async () => {
  const base = {
    'token-id': 'abcdef',
    'token-secret': '0123456789abcdef',
    'usage-bootstrap-authentication': 'true',
  }
  const cases: [string, Record<string, string>, object, string][] = [
    ['as it should be', {}, {}, 'system:bootstrap:abcdef'],
    ['expired', { expiration: '2020-01-01T00:00:00Z' }, {}, '401'],
    ['with a strange end', { expiration: 'tomorrow' }, {}, '401'],
    ['disabled', { 'usage-bootstrap-authentication': 'false' }, {}, '401'],
    ['of another id', { 'token-id': 'fedcba' }, {}, '401'],
    ['of another secret', { 'token-secret': 'fedcba9876543210' }, {}, '401'],
    ['with a foreign group', { 'auth-extra-groups': 'system:masters' }, {}, '401'],
    [
      'with a group among others',
      { 'auth-extra-groups': 'system:bootstrappers:a,system:masters' },
      {},
      '401',
    ],
    ['of another type', {}, { type: 'Opaque' }, '401'],
  ]
  const path = '/api/v1/namespaces/kube-system/secrets'
  for (const [what, data, more, expected] of cases) {
    await mustCreate(plane, path, {
      ...{ metadata: { name: 'bootstrap-token-abcdef' }, type: 'bootstrap.kubernetes.io/token', ...more },
      stringData: { ...base, ...data },
    })
    const who = await whoAmI(bearer('abcdef.0123456789abcdef'))
    assert.equal(who.split(' ')[0], expected, `token ${what}`)
    assert.doesNotMatch(who, /masters/)
    await httpOf(plane).send('DELETE', `${path}/bootstrap-token-abcdef`)
  }
})

test('of several credentials one is believed, and a header said twice counts once', async () => {
  const { body: good } = await token({})
  const admin = adminKey(plane)
  assert.match(await whoAmI(bearer(good), admin), /^brume-admin /)
  assert.match(await whoAmI(bearer('x'), admin), /^brume-admin /)
  const expired = await certificate({ from: -2 * HOUR_MS, to: -1 })
  assert.match(await whoAmI(bearer(good), expired), new RegExp(`^${robot} `))
  assert.equal(await whoAmI(['authorization: Bearer x', ...bearer(good)]), '401')
  assert.equal(
    await whoAmI(['impersonate-user: a', 'impersonate-user: b'], admin),
    'a, b system:authenticated',
  )
  const stranger = await certificate({ subject: { commonName: 'eve', organizations: [] } })
  assert.equal(await whoAmI(['impersonate-user: a', 'impersonate-user: eve'], stranger), 'eve')
})

test('acting as someone takes the right to each part of who that is', async () => {
  const group = { apiGroups: ['authentication.k8s.io'] }
  const verbs = ['impersonate']
  await grant(plane, {
    ...{ user: 'actor', namespace: '' },
    rules: [
      { verbs, resources: ['users'], resourceNames: ['anna'] },
      { verbs, resources: ['groups'], resourceNames: ['devs'] },
      { ...group, verbs, resources: ['userextras/scopes'], resourceNames: ['read'] },
    ],
  })
  const actor = await certificate({ subject: { commonName: 'actor', organizations: [] } })
  const anna = 'impersonate-user: anna'
  assert.equal(await whoAmI([anna, 'impersonate-group: devs'], actor), 'anna devs,system:authenticated')
  assert.equal(await whoAmI([anna, 'impersonate-extra-scopes: read'], actor), 'anna system:authenticated')
  const refused: string[][] = [
    ['impersonate-user: root'],
    ['impersonate-user: system:admin'],
    [anna, 'impersonate-group: system:masters'],
    [anna, 'impersonate-group: devs', 'impersonate-group: system:masters'],
    [anna, 'impersonate-group: devs, system:masters'],
    ['IMPERSONATE-USER: anna', 'Impersonate-Group: system:masters'],
    [anna, 'impersonate-uid: 1'],
    [anna, 'impersonate-extra-scopes: write'],
    [anna, 'impersonate-extra-scopes: read', 'impersonate-extra-scopes: write'],
    [anna, 'impersonate-extra-other: read'],
    [anna, 'impersonate-extra-__proto__: read'],
    [anna, 'impersonate-extra-scopes%2Fx: read'],
    [`impersonate-user: system:serviceaccount:kube-system:default`],
    ['impersonate-user: system:node:n1', 'impersonate-group: system:nodes'],
  ]
  for (const headers of refused) assert.equal(await whoAmI(headers, actor), 'actor', headers.join())
  for (const headers of [
    ['impersonate-group: devs'],
    ['impersonate-uid: 1'],
    ['impersonate-extra-scopes: read'],
  ]) {
    const { status } = await http1(plane, { path: '/version', headers, client: actor })
    assert.equal(status, 500, headers.join())
  }
})
