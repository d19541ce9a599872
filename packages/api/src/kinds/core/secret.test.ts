import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cellsOf, created, refuses, refusesUpdates, warningsOf } from '../testing.ts'

const base64 = (text: string) => Buffer.from(text).toString('base64')
const SECRET = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, data: { k: 'eA==' } }

test('is opaque unless said otherwise, and folds stringData over data', () => {
  const object = created({ ...SECRET, stringData: { k: 'new', other: 'ü' } })
  assert.equal(object['type'], 'Opaque')
  assert.equal(object['stringData'], undefined)
  assert.deepEqual(object['data'], { k: base64('new'), other: base64('ü') })
})

refuses(SECRET, [
  [
    'has plain keys',
    { data: { '..k': '' } },
    ['data[..k]: Invalid value: "..k": must not start with \'..\''],
  ],
  [
    'takes no more than a mebibyte',
    { data: { k: base64('x'.repeat(1024 * 1024 + 1)) } },
    ['data: Too long: may not be more than 1048576 bytes'],
  ],
  [
    'names the account of a token',
    { type: 'kubernetes.io/service-account-token' },
    ['metadata.annotations[kubernetes.io/service-account.name]: Required value'],
  ],
  ['holds a docker config', { type: 'kubernetes.io/dockercfg' }, ['data[.dockercfg]: Required value']],
  [
    'holds a docker config that is JSON, and never shows it',
    { type: 'kubernetes.io/dockerconfigjson', data: { '.dockerconfigjson': base64('"secret"') } },
    [
      'data[.dockerconfigjson]: Invalid value: "<secret contents redacted>": json: cannot unmarshal string into Go value of type map[string]interface {}',
    ],
  ],
  [
    'has a user or a password',
    { type: 'kubernetes.io/basic-auth' },
    ['data[username]: Required value', 'data[password]: Required value'],
  ],
  ['accepts a password alone', { type: 'kubernetes.io/basic-auth', data: { password: '' } }, []],
  ['has a key for SSH', { type: 'kubernetes.io/ssh-auth' }, ['data[ssh-privatekey]: Required value']],
  [
    'has a certificate and a key for TLS',
    { type: 'kubernetes.io/tls' },
    ['data[tls.crt]: Required value', 'data[tls.key]: Required value'],
  ],
])

refusesUpdates(SECRET, [['keeps its type', { type: 'x' }, ['type: Invalid value: "x": field is immutable']]])

refusesUpdates({ ...SECRET, immutable: true }, [
  ['stays as it is', { data: {} }, ['data: Forbidden: field is immutable when `immutable` is set']],
])

test('warns of a TLS pair that no server could use', () => {
  const data = { 'tls.crt': base64('x'), 'tls.key': base64('y') }
  assert.deepEqual(warningsOf({ ...SECRET, type: 'kubernetes.io/tls', data }), [
    'tls: failed to find any PEM data in certificate input',
  ])
})

test('the table shows the type and counts keys', () => {
  assert.deepEqual(cellsOf(SECRET), { Name: 's', Type: 'Opaque', Data: 1, Age: '<unknown>' })
})
