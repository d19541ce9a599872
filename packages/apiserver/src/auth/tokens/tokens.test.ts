import assert from 'node:assert/strict'
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { test } from 'node:test'
import { createLocalJWKSet, jwtVerify } from 'jose'
import { jwks, openidConfiguration } from './discovery.ts'
import { isSignedBy, parseToken, signToken } from './jwt.ts'
import { verificationKey } from './keys.ts'
import { parseServiceAccountUserName, serviceAccountUserName } from './service-account.ts'

const KEYS: [string, { privateKey: KeyObject; publicKey: KeyObject }][] = [
  ['RS256', generateKeyPairSync('rsa', { modulusLength: 2048 })],
  ['ES256', generateKeyPairSync('ec', { namedCurve: 'P-256' })],
  ['ES384', generateKeyPairSync('ec', { namedCurve: 'P-384' })],
  ['ES512', generateKeyPairSync('ec', { namedCurve: 'P-521' })],
]
const ALL = KEYS.map(([, { publicKey }]) => publicKey)
const CLAIMS = { iss: 'https://issuer', sub: 'someone', aud: ['a'] }

for (const [algorithm, { privateKey, publicKey }] of KEYS) {
  test(`others can check a token signed with ${algorithm} by the published keys`, async () => {
    const token = signToken(CLAIMS, privateKey)
    const published = createLocalJWKSet(JSON.parse(String(jwks(ALL).body)))
    const { payload, protectedHeader } = await jwtVerify(token, published, {
      issuer: 'https://issuer',
      audience: 'a',
    })
    assert.equal(payload.sub, 'someone')
    assert.deepEqual(protectedHeader, { alg: algorithm, kid: verificationKey(publicKey).id })
  })

  test(`a token signed with ${algorithm} is known by its own key only`, () => {
    const token = parseToken(signToken(CLAIMS, privateKey))!
    const own = verificationKey(publicKey)
    const others = ALL.filter((key) => key !== publicKey).map(verificationKey)
    assert.equal(isSignedBy(token, [own]), true)
    assert.equal(isSignedBy(token, others), false)
    assert.equal(
      isSignedBy({ ...token, header: { ...token.header, kid: others[0]!.id } }, [own, ...others]),
      false,
    )
    assert.equal(isSignedBy({ ...token, header: { ...token.header, crit: ['x'] } }, [own]), false)
    assert.equal(isSignedBy({ ...token, signature: token.signature.subarray(1) }, [own]), false)
  })
}

test('the discovery document names the keys and their algorithms', () => {
  const jwksUri = 'https://10.0.0.1:6443/openid/v1/jwks'
  const { body, headers } = openidConfiguration({ issuer: 'https://issuer', jwksUri, publicKeys: ALL })
  assert.equal(headers['content-type'], 'application/json')
  assert.deepEqual(JSON.parse(String(body)), {
    issuer: 'https://issuer',
    jwks_uri: jwksUri,
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['ES256', 'ES384', 'ES512', 'RS256'],
  })
})

const NOT_TOKENS = [
  '',
  '.',
  '..',
  'a.b',
  'a.b.c',
  'e30.e30',
  'e30.W10.AA',
  'bnVsbA.e30.AA',
  'é.e30.AA',
  `${'e30.'.repeat(3)}`,
  'x'.repeat(20_000),
]
for (const text of NOT_TOKENS) {
  test(`${JSON.stringify(text.slice(0, 20))} is no token`, () => assert.equal(parseToken(text), undefined))
}

const NAMES: [string, { namespace: string; name: string } | undefined][] = [
  ['system:serviceaccount:ci:robot', { namespace: 'ci', name: 'robot' }],
  ['system:serviceaccount:ci:robot.v1', { namespace: 'ci', name: 'robot.v1' }],
  ['system:serviceaccount:ci', undefined],
  ['system:serviceaccount:ci:a:b', undefined],
  ['system:serviceaccount::robot', undefined],
  ['system:serviceaccount:CI:robot', undefined],
  ['anna', undefined],
]
for (const [user, expected] of NAMES) {
  test(`${user} is ${expected === undefined ? 'no' : 'a'} service account`, () => {
    assert.deepEqual(parseServiceAccountUserName(user), expected)
    if (expected !== undefined) assert.equal(serviceAccountUserName(expected), user)
  })
}
