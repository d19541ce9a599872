import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import { credentialsFor } from './keyring.ts'

const base64 = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64')
const secret = (type: string, key: string, text: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 's' },
  type: `kubernetes.io/${type}`,
  data: { [key]: text },
})
const config = (auths: Record<string, object>) =>
  secret('dockerconfigjson', '.dockerconfigjson', base64({ auths }))
const as = (username: string) => ({ username, password: 'p' })
const users = (repository: string, ...secrets: KubeObject[]) =>
  credentialsFor(repository, secrets).map(({ username }) => username)

test('both kinds of secret are read, and auth wins over user and password', () => {
  const legacy = secret(
    'dockercfg',
    '.dockercfg',
    base64({ 'quay.io': { ...as('x'), auth: base64('joe:a:b') } }),
  )
  assert.deepEqual(credentialsFor('quay.io/a/b', [legacy]), [{ username: 'joe', password: 'a:b' }])
  assert.deepEqual(users('quay.io/a/b', config({ 'https://quay.io': as('ann') })), ['ann'])
})

test('the longest matching location comes first, and all that match are given', () => {
  const all = config({ 'quay.io': as('host'), 'quay.io/coreos': as('org'), 'quay.io/other': as('no') })
  assert.deepEqual(users('quay.io/coreos/etcd', all), ['org', 'host'])
  assert.deepEqual(users('gcr.io/coreos/etcd', all), [])
})

test('a host may have wildcards, part by part; its port must be the same', () => {
  const all = config({ '*.example.com': as('any'), 'r?.example.com:5000': as('port') })
  assert.deepEqual(users('a.example.com/x', all), ['any'])
  assert.deepEqual(users('a.b.example.com/x', all), [])
  assert.deepEqual(users('r1.example.com:5000/x', all), ['port'])
  assert.deepEqual(users('r1.example.com:5001/x', all), [])
})

test('Docker Hub’s old address counts for its images', () => {
  const hub = config({ 'https://index.docker.io/v1/': as('hub') })
  assert.deepEqual(users('docker.io/library/nginx', hub), ['hub'])
  assert.deepEqual(users('quay.io/library/nginx', hub), [])
})

test('what cannot be read gives nothing, and does not stop the others', () => {
  const broken = [
    secret('dockerconfigjson', '.dockerconfigjson', base64('{')),
    secret('dockerconfigjson', '.dockerconfigjson', base64('null')),
    secret('dockercfg', '.dockercfg', base64({ 'quay.io': null })),
    secret('dockercfg', '.dockercfg', base64({ 'quay.io/a': { auth: base64('no colon') } })),
    secret('tls', 'tls.key', ''),
  ]
  assert.deepEqual(users('quay.io/a/b', ...broken, config({ 'quay.io/a': as('ann') })), ['ann', ''])
})
