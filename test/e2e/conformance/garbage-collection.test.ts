// Conformance: what becomes of the dependents of a deleted owner.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventually } from '@brume/testkit/eventually'
import { conformanceApi, type Json } from './api.ts'
import { define } from './custom.ts'

const api = conformanceApi()

const SPEC = { containers: [{ name: 'c', image: 'image' }] }

interface Owner {
  metadata: { name: string; uid: string }
  kind: string
  apiVersion: string
}

const reference = ({ apiVersion, kind, metadata: { name, uid } }: Owner, blockOwnerDeletion = true) => ({
  apiVersion,
  kind,
  name,
  uid,
  blockOwnerDeletion,
})

async function scene() {
  const namespace = await api.namespace()
  const core = `/api/v1/namespaces/${namespace}`
  const controllers = `${core}/replicationcontrollers`
  const pods = `${core}/pods`
  return {
    core,
    pods,
    controllers,
    /** A controller without replicas: its pods are made by hand, so that nobody makes them anew. */
    controller: (name: string): Promise<Owner> =>
      api.create(controllers, {
        metadata: { name },
        spec: {
          replicas: 0,
          selector: { rc: name },
          template: { metadata: { labels: { rc: name } }, spec: SPEC },
        },
      }),
    pod: (name: string, owners: Owner[], more: object = {}): Promise<Owner> =>
      api.create(pods, {
        metadata: { name, ownerReferences: owners.map((owner) => reference(owner)), ...more },
        spec: SPEC,
      }),
    podNames: async () => (await api.get(pods)).items.map(({ metadata }: Json) => metadata.name).sort(),
  }
}

const gone = (path: string) =>
  eventually(`${path} is gone`, async () => (await api.send('GET', path)).status === 404)

for (const options of [{ propagationPolicy: 'Background' }, { orphanDependents: false }, undefined]) {
  test(`dependents are deleted after their owner with ${JSON.stringify(options) ?? 'no options'}`, async () => {
    const { controllers, controller, pod, podNames } = await scene()
    const owner = await controller('rc')
    await pod('a', [owner])
    await pod('b', [owner])
    await api.delete(`${controllers}/rc`, options)
    assert.equal((await api.send('GET', `${controllers}/rc`)).status, 404, 'the owner goes at once')
    await eventually('the pods are gone', async () => (await podNames()).length === 0)
  })
}

for (const options of [{ propagationPolicy: 'Orphan' }, { orphanDependents: true }]) {
  test(`dependents stay and lose their owner with ${JSON.stringify(options)}`, async () => {
    const { controllers, controller, pod, pods } = await scene()
    const owner = await controller('rc')
    await pod('a', [owner])
    await api.delete(`${controllers}/rc`, options)
    await gone(`${controllers}/rc`)
    const { metadata } = await eventually('the pod is an orphan', async () => {
      const found = await api.get(`${pods}/a`)
      return found.metadata.ownerReferences === undefined ? found : undefined
    })
    assert.equal(metadata.deletionTimestamp, undefined)
  })
}

test('an owner deleted in the foreground stays until its blocking dependents are gone', async () => {
  const { controllers, controller, pod, pods } = await scene()
  const owner = await controller('rc')
  await pod('held', [owner], { finalizers: ['example.com/hold'] })
  await pod('free', [owner])
  await api.delete(`${controllers}/rc`, { propagationPolicy: 'Foreground' })
  await gone(`${pods}/free`)
  await eventually(
    'the held pod is being deleted',
    async () => (await api.get(`${pods}/held`)).metadata.deletionTimestamp,
  )
  const { metadata } = await api.get(`${controllers}/rc`)
  assert.ok(metadata.deletionTimestamp)
  assert.deepEqual(metadata.finalizers, ['foregroundDeletion'])
  await api.patch(`${pods}/held`, { metadata: { finalizers: null } })
  await gone(`${controllers}/rc`)
  await gone(`${pods}/held`)
})

test('a dependent with another, living owner is kept', async () => {
  const { controllers, controller, pod, pods } = await scene()
  const [dying, living] = [await controller('dying'), await controller('living')]
  await pod('shared', [dying, living])
  await pod('only', [dying])
  await api.delete(`${controllers}/dying`, { propagationPolicy: 'Foreground' })
  await gone(`${controllers}/dying`)
  assert.equal((await api.send('GET', `${pods}/only`)).status, 404)
  const { metadata } = await api.get(`${pods}/shared`)
  assert.equal(metadata.deletionTimestamp, undefined)
  assert.deepEqual(
    metadata.ownerReferences.map(({ name }: Json) => name),
    ['living'],
  )
})

test('a circle of owners is deleted with any of them', async () => {
  const { pods, pod, podNames } = await scene()
  const made = [await pod('one', []), await pod('two', []), await pod('three', [])] as const
  const owners = [made[2], made[0], made[1]] as const
  for (const [n, { metadata }] of made.entries()) {
    await api.patch(
      `${pods}/${metadata.name}`,
      { metadata: { ownerReferences: [{ ...reference(owners[n]!), controller: true }] } },
      'strategic',
    )
  }
  await api.delete(`${pods}/one`, { propagationPolicy: 'Foreground', gracePeriodSeconds: 0 })
  await eventually('the circle is gone', async () => (await podNames()).length === 0)
})

test('a deployment takes its replica sets with it, or leaves them', async () => {
  const { core } = await scene()
  const apps = core.replace('/api/v1', '/apis/apps/v1')
  const template = { metadata: { labels: { app: 'a' } }, spec: SPEC }
  const spec = { replicas: 0, selector: { matchLabels: { app: 'a' } }, template }
  for (const [propagationPolicy, stays] of [
    ['Background', false],
    ['Orphan', true],
  ] as const) {
    const owner = await api.create(`${apps}/deployments`, {
      metadata: { name: 'd' },
      spec: { ...spec, paused: true },
    })
    await api.create(`${apps}/replicasets`, {
      metadata: {
        name: `rs-${stays}`,
        labels: { app: 'a' },
        ownerReferences: [{ ...reference(owner), controller: true }],
      },
      spec,
    })
    await api.delete(`${apps}/deployments/d`, { propagationPolicy })
    await gone(`${apps}/deployments/d`)
    if (!stays) await gone(`${apps}/replicasets/rs-${stays}`)
    else {
      await eventually(
        'an orphan',
        async () => (await api.get(`${apps}/replicasets/rs-${stays}`)).metadata.ownerReferences === undefined,
      )
    }
  }
})

test('custom resources own and are owned like any other', async () => {
  const { core } = await scene()
  const kind = await define(api, { spec: { scope: 'Cluster' } })
  const make = (name: string, ownerReferences: object[] = []) =>
    api.create(kind.path(), {
      apiVersion: kind.apiVersion(),
      kind: 'Foo',
      metadata: { name, ownerReferences },
    })
  const owner = await make('owner')
  await make('dependent', [reference(owner)])
  await api.create(`${core}/configmaps`, { metadata: { name: 'm', ownerReferences: [reference(owner)] } })
  await api.delete(`${kind.path()}/owner`, { propagationPolicy: 'Background' })
  await gone(`${kind.path()}/dependent`)
  await gone(`${core}/configmaps/m`)
})

test('a dependent whose owner never existed is collected; one whose owner is of an unknown kind is not', async () => {
  const { core } = await scene()
  const maps = `${core}/configmaps`
  const absent = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'no', uid: '00000000-0000-0000-0000-000000000001' },
  }
  const unknown = { ...absent, apiVersion: 'nobody.example.com/v1', kind: 'Nothing' }
  await api.create(maps, { metadata: { name: 'stranger', ownerReferences: [reference(unknown)] } })
  await api.create(maps, { metadata: { name: 'orphan', ownerReferences: [reference(absent)] } })
  await gone(`${maps}/orphan`)
  assert.equal((await api.get(`${maps}/stranger`)).metadata.deletionTimestamp, undefined)
})
