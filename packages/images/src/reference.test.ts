import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseChallenge } from './client/external-registry.ts'
import { parseAuth } from './client/logins.ts'
import { builtInReference, formatReference, parseReference } from './reference.ts'

const DIGEST = `sha256:${'a'.repeat(64)}`

test('names of images are read as people write them', () => {
  const parse = (text: string) => Object.values(parseReference(text))
  assert.deepEqual(parse('web'), ['', 'web', '', ''])
  assert.deepEqual(parse('team/web:1.2'), ['', 'team/web', '1.2', ''])
  assert.deepEqual(parse('localhost:5000/web'), ['localhost:5000', 'web', '', ''])
  assert.deepEqual(parse(`ghcr.io/me/web:1@${DIGEST}`), ['ghcr.io', 'me/web', '1', DIGEST])
  for (const wrong of [
    '',
    'Web',
    'web:',
    'web:a b',
    '../x',
    'a//b',
    `web@sha256:1`,
    `a@${DIGEST}@${DIGEST}`,
    ':1',
  ]) {
    assert.throws(() => parseReference(wrong), /is no name of an image/, wrong)
  }
})

test('a name in the built-in registry may leave out what is always the same', () => {
  assert.equal(formatReference(builtInReference('web:1')), 'registry.brume.internal/library/web:1')
  assert.equal(
    formatReference(builtInReference('registry.brume.internal/a/b')),
    'registry.brume.internal/a/b',
  )
  assert.throws(() => builtInReference('docker.io/a/b'), /of the registry docker.io, not of the built-in one/)
})

test('challenges and logins of other registries are understood', () => {
  const header = 'Bearer realm="https://auth.example/token",service="reg",scope="repository:a/b:pull,push"'
  assert.deepEqual(parseChallenge(header), {
    realm: 'https://auth.example/token',
    service: 'reg',
    scope: 'repository:a/b:pull,push',
  })
  assert.deepEqual(parseAuth(Buffer.from('me:se:cret').toString('base64')), {
    user: 'me',
    password: 'se:cret',
  })
  assert.equal(parseAuth('!!'), undefined)
})
