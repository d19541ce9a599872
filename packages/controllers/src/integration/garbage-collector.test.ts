import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CONFIG_MAPS, EVENTS, SECRETS } from '@brume/client/builtin'
import { eventually } from '@brume/testkit/eventually'
import { withCluster } from '@brume/testkit/with-cluster'
import { createConfigMap, exists, gone } from './cluster.ts'

const NS = 'collected'

describe('garbage collector on a control plane', () => {
  const cluster = withCluster({ namespace: NS })

  const at = (name: string) => ({ namespace: NS, name })
  const maps = () => cluster.client.resource(CONFIG_MAPS)

  it('deletes dependents, and theirs, after their owner', async () => {
    const owner = await createConfigMap(cluster.client, 'b-owner', NS)
    const child = await createConfigMap(cluster.client, 'b-child', NS, [owner])
    await createConfigMap(cluster.client, 'b-grandchild', NS, [child])
    await createConfigMap(cluster.client, 'b-stranger', NS)
    await maps().delete(at('b-owner'))
    await eventually('child and grandchild are gone', async () => {
      return (
        (await gone(cluster.client, CONFIG_MAPS, at('b-child'))) &&
        gone(cluster.client, CONFIG_MAPS, at('b-grandchild'))
      )
    })
    assert.equal(await exists(cluster.client, CONFIG_MAPS, at('b-stranger')), true)
  })

  it('keeps a dependent of two owners until both are gone', async () => {
    const owners = [
      await createConfigMap(cluster.client, 't-one', NS),
      await createConfigMap(cluster.client, 't-two', NS),
    ]
    await createConfigMap(cluster.client, 't-child', NS, owners)
    await maps().delete(at('t-one'))
    const kept = await eventually('the first owner is taken off', async () => {
      const child = await maps().get(at('t-child'))
      return child.metadata.ownerReferences?.length === 1 && child
    })
    assert.equal(kept.metadata.ownerReferences![0]!.name, 't-two')
    await maps().delete(at('t-two'))
    await eventually('the child is gone', () => gone(cluster.client, CONFIG_MAPS, at('t-child')))
  })

  it('holds an owner that is deleted in the foreground until its blocking dependents are gone', async () => {
    const owner = await createConfigMap(cluster.client, 'f-owner', NS)
    await createConfigMap(cluster.client, 'f-child', NS, [owner], true)
    await maps().patch(at('f-child'), { type: 'merge', body: { metadata: { finalizers: ['test/hold'] } } })
    await maps().delete(at('f-owner'), { propagationPolicy: 'Foreground' })
    await eventually('the child is being deleted', async () => {
      return (await maps().get(at('f-child'))).metadata.deletionTimestamp !== undefined
    })
    const held = await maps().get(at('f-owner'))
    assert.deepEqual(held.metadata.finalizers, ['foregroundDeletion'])
    await maps().patch(at('f-child'), { type: 'merge', body: { metadata: { finalizers: null } } })
    await eventually('the owner is gone', () => gone(cluster.client, CONFIG_MAPS, at('f-owner')))
  })

  it('lets dependents go before an owner that is orphaned', async () => {
    const owner = await createConfigMap(cluster.client, 'o-owner', NS)
    await createConfigMap(cluster.client, 'o-child', NS, [owner])
    await maps().delete(at('o-owner'), { propagationPolicy: 'Orphan' })
    await eventually('the owner is gone', () => gone(cluster.client, CONFIG_MAPS, at('o-owner')))
    const child = await maps().get(at('o-child'))
    assert.deepEqual(child.metadata.ownerReferences ?? [], [])
  })

  it('deletes an object that is made with an owner that never was', async () => {
    const owner = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'n-none', uid: 'never' } }
    await createConfigMap(cluster.client, 'n-child', NS, [owner])
    await eventually('the child is gone', () => gone(cluster.client, CONFIG_MAPS, at('n-child')))
  })

  it('deletes the dependents of an owner that was made anew with the same name', async () => {
    const owner = await createConfigMap(cluster.client, 'r-owner', NS)
    await maps().delete(at('r-owner'))
    await createConfigMap(cluster.client, 'r-owner', NS)
    await createConfigMap(cluster.client, 'r-child', NS, [owner])
    await eventually('the child is gone', () => gone(cluster.client, CONFIG_MAPS, at('r-child')))
    assert.equal(await exists(cluster.client, CONFIG_MAPS, at('r-owner')), true)
  })

  it('deletes an object whose owner is in another namespace, with a warning event', async () => {
    const owner = await createConfigMap(cluster.client, 'x-owner', 'default')
    await createConfigMap(cluster.client, 'x-child', NS, [owner])
    await eventually('the child is gone', () => gone(cluster.client, CONFIG_MAPS, at('x-child')))
    const event = await eventually('the event is there', async () => {
      const { items } = await cluster.client.resource(EVENTS).list({ namespace: NS })
      return items.find(({ reason }) => reason === 'OwnerRefInvalidNamespace')
    })
    assert.match(event['message'], /name: x-owner, uid: .* does not exist in namespace "collected"/)
  })

  it('works across kinds', async () => {
    const owner = await createConfigMap(cluster.client, 'k-owner', NS)
    const reference = { apiVersion: 'v1', kind: 'ConfigMap', name: 'k-owner', uid: owner.metadata.uid! }
    await cluster.client.resource(SECRETS).create({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'k-child', namespace: NS, ownerReferences: [reference] },
    })
    await maps().delete(at('k-owner'))
    await eventually('the secret is gone', () => gone(cluster.client, SECRETS, at('k-child')))
  })

  it('collects what was orphaned by a deletion while it did not run', async () => {
    const owner = await createConfigMap(cluster.client, 's-owner', NS)
    await createConfigMap(cluster.client, 's-child', NS, [owner])
    await maps().delete(at('s-owner'))
    await cluster.plane.restart()
    await eventually('the child is gone', () => gone(cluster.client, CONFIG_MAPS, at('s-child')))
  })
})
