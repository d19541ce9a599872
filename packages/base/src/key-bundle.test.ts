import assert from 'node:assert/strict'
import { test } from 'node:test'
import { KeyBundleError, type KeyFiles, readKeyBundle, writeKeyBundle } from './key-bundle.ts'

const FILES: KeyFiles = { 'encryption-keys.json': '{"keys":[]}', 'pki/ca.key': 'a private key' }

test('keys come out as they went in', () => {
  assert.deepEqual(readKeyBundle(writeKeyBundle(FILES, undefined), undefined), FILES)
})

test('with a passphrase nothing of them shows, and only it opens them', () => {
  const text = writeKeyBundle(FILES, 'a long passphrase')
  assert.doesNotMatch(text, /private|keys":\[|pki/)
  assert.deepEqual(readKeyBundle(text, 'a long passphrase'), FILES)
  for (const wrong of ['another passphrase', '', undefined]) {
    assert.throws(() => readKeyBundle(text, wrong), KeyBundleError)
  }
  assert.notEqual(text, writeKeyBundle(FILES, 'a long passphrase'), 'the same keys never look alike')
})

test('what is no file of keys is refused, whatever was done to it', () => {
  const sealed = writeKeyBundle(FILES, 'a long passphrase')
  const changed = JSON.parse(sealed)
  const greedy = { ...changed, sealed: { ...changed.sealed, scrypt: { N: 2 ** 30, r: 8, p: 1 } } }
  const flipped = { ...changed, sealed: { ...changed.sealed, bytes: `AAAA${changed.sealed.bytes.slice(4)}` } }
  for (const text of [
    '',
    'null',
    '{}',
    '{"kind":"BrumeKeys","version":2,"files":{}}',
    '{"kind":"BrumeKeys","version":1}',
    '{"kind":"BrumeKeys","version":1,"files":{"pki/ca.key":"x"}}',
    '{"kind":"BrumeKeys","version":1,"sealed":{}}',
    '{"kind":"BrumeKeys","version":1,"sealed":{"scrypt":{}}}',
    sealed.slice(0, -20),
    JSON.stringify(greedy),
    JSON.stringify(flipped),
  ]) {
    assert.throws(() => readKeyBundle(text, 'a long passphrase'), KeyBundleError, text)
  }
})

test('a file of another place is never written: only known names come out', () => {
  const bundle = {
    kind: 'BrumeKeys',
    version: 1,
    files: { ...FILES, '../../etc/passwd': 'x', 'pki/admin.key': 'y' },
  }
  assert.deepEqual(readKeyBundle(JSON.stringify(bundle), undefined), FILES)
})
