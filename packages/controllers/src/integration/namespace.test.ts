import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { isStatus } from '@brume/base/errors'
import { CONFIG_MAPS, NAMESPACES, SECRETS, SERVICE_ACCOUNTS, SERVICES } from '@brume/client/builtin'
import type { Client } from '@brume/client/client'
import { startTestControlPlane, type TestControlPlane } from '@brume/testkit/control-plane'
import { eventually } from '@brume/testkit/eventually'
import { createConfigMap, createNamespace, exists, gone } from './cluster.ts'

describe('namespaces and accounts on a control plane', () => {
  let plane: TestControlPlane
  let client: Client

  before(async () => {
    plane = await startTestControlPlane()
    client = plane.client
  })
  after(() => plane.stop())

  it('gives every namespace its account and the authority', async () => {
    await createNamespace(client, 'fresh')
    await eventually('the default account is there', () =>
      exists(client, SERVICE_ACCOUNTS, { namespace: 'fresh', name: 'default' }),
    )
    await eventually('the authority is there', async () => {
      const { data } = await client
        .resource(CONFIG_MAPS)
        .get({ namespace: 'fresh', name: 'kube-root-ca.crt' })
      return data['ca.crt'] === plane.plane.pki.ca.certificatePem
    })
    await client.resource(SERVICE_ACCOUNTS).delete({ namespace: 'fresh', name: 'default' })
    await eventually('the account is back', () =>
      exists(client, SERVICE_ACCOUNTS, { namespace: 'fresh', name: 'default' }),
    )
  })

  it('has the default objects: the four namespaces and the Service of the API', async () => {
    for (const name of ['default', 'kube-system', 'kube-public', 'kube-node-lease']) {
      assert.equal(await exists(client, NAMESPACES, { name }), true)
    }
    const service = await client.resource(SERVICES).get({ namespace: 'default', name: 'kubernetes' })
    assert.equal(service['spec'].ports[0].name, 'https')
    await client.resource(SERVICES).delete({ namespace: 'default', name: 'kubernetes' })
    await eventually('the Service is back', () =>
      exists(client, SERVICES, { namespace: 'default', name: 'kubernetes' }),
    )
  })

  it('empties a namespace that is deleted, and lets it go', async () => {
    await createNamespace(client, 'doomed')
    for (let i = 0; i < 20; i++) await createConfigMap(client, `m${i}`, 'doomed')
    await client.resource(NAMESPACES).delete({ name: 'doomed' })
    await eventually('the namespace is gone', () => gone(client, NAMESPACES, { name: 'doomed' }))
    assert.deepEqual((await client.resource(CONFIG_MAPS).list({ namespace: 'doomed' })).items, [])
  })

  it('says what holds a namespace back, and lets it go when that is gone', async () => {
    await createNamespace(client, 'held')
    await createConfigMap(client, 'holder', 'held')
    const holder = { namespace: 'held', name: 'holder' }
    const maps = client.resource(CONFIG_MAPS)
    await maps.patch(holder, { type: 'merge', body: { metadata: { finalizers: ['test.dev/hold'] } } })
    await client.resource(NAMESPACES).delete({ name: 'held' })
    const conditions = await eventually('the conditions are there', async () => {
      const { status } = await client.resource(NAMESPACES).get({ name: 'held' })
      return status.conditions?.some((c: { status: string }) => c.status === 'True') && status.conditions
    })
    const message = (type: string) => conditions.find((c: { type: string }) => c.type === type).message
    assert.equal(
      message('NamespaceContentRemaining'),
      'Some resources are remaining: configmaps. has 1 resource instances',
    )
    assert.equal(
      message('NamespaceFinalizersRemaining'),
      'Some content in the namespace has finalizers remaining: test.dev/hold in 1 resource instances',
    )
    await maps.patch(holder, { type: 'merge', body: { metadata: { finalizers: null } } })
    await eventually('the namespace is gone', () => gone(client, NAMESPACES, { name: 'held' }))
  })

  it('fills the token Secret of an account, and deletes it with the account', async () => {
    await createNamespace(client, 'tokens')
    const account = { namespace: 'tokens', name: 'robot' }
    await client
      .resource(SERVICE_ACCOUNTS)
      .create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: account })
    const annotations = { 'kubernetes.io/service-account.name': 'robot' }
    await client.resource(SECRETS).create({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { namespace: 'tokens', name: 'robot-token', annotations },
      type: 'kubernetes.io/service-account-token',
    })
    const key = { namespace: 'tokens', name: 'robot-token' }
    const data = await eventually('the Secret is filled', async () => {
      const secret = await client.resource(SECRETS).get(key)
      return secret['data']?.token && secret['data']
    })
    const text = (field: string) => Buffer.from(data[field], 'base64').toString()
    assert.equal(text('namespace'), 'tokens')
    assert.equal(text('ca.crt'), plane.plane.pki.ca.certificatePem)
    const claims = JSON.parse(Buffer.from(text('token').split('.')[1]!, 'base64url').toString())
    assert.equal(claims.sub, 'system:serviceaccount:tokens:robot')
    await client.resource(SERVICE_ACCOUNTS).delete(account)
    await eventually('the Secret is gone', () => gone(client, SECRETS, key))
  })

  it('does not let new content into a namespace that is being deleted', async () => {
    await createNamespace(client, 'closing')
    await createConfigMap(client, 'holder', 'closing')
    const holder = { namespace: 'closing', name: 'holder' }
    const maps = client.resource(CONFIG_MAPS)
    await maps.patch(holder, { type: 'merge', body: { metadata: { finalizers: ['test.dev/hold'] } } })
    await client.resource(NAMESPACES).delete({ name: 'closing' })
    const error = await createConfigMap(client, 'late', 'closing').catch((e) => e)
    assert.ok(isStatus(error, 'Forbidden'), String(error))
    await maps.patch(holder, { type: 'merge', body: { metadata: { finalizers: null } } })
    await eventually('the namespace is gone', () => gone(client, NAMESPACES, { name: 'closing' }))
  })
})
