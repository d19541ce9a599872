import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startTestControlPlane, type TestControlPlane } from '@brume/testkit/control-plane'
import { eventually } from '@brume/testkit/eventually'
import { configMap, type Http, httpOf } from '@brume/testkit/http'

const PATH = '/api/v1/namespaces/default/configmaps'
const PODS = '/api/v1/namespaces/default/pods'
let plane: TestControlPlane
let http: Http

before(async () => {
  plane = await startTestControlPlane()
  http = httpOf(plane)
})
after(() => plane.stop())

const gone = (path: string) =>
  eventually(`${path} gone`, async () => (await http.send('GET', path)).status === 404)

test('answers with a Status that names what is gone', async () => {
  const { body: created } = await http.send('POST', PATH, configMap('del'))
  const { status, body } = await http.send('DELETE', `${PATH}/del`)
  assert.equal(status, 200)
  assert.deepEqual(
    [body.kind, body.status, body.details],
    ['Status', 'Success', { name: 'del', kind: 'configmaps', uid: created.metadata.uid }],
  )
  assert.equal((await http.send('DELETE', `${PATH}/del`)).status, 404)
})

test('preconditions on uid and resourceVersion must hold', async () => {
  const { body: created } = await http.send('POST', PATH, configMap('pre'))
  const wrong = await http.send('DELETE', `${PATH}/pre`, { preconditions: { uid: 'other' } })
  assert.equal(wrong.status, 409)
  const stale = await http.send('DELETE', `${PATH}/pre`, { preconditions: { resourceVersion: '1' } })
  assert.equal(stale.status, 409)
  const right = await http.send('DELETE', `${PATH}/pre`, { preconditions: { uid: created.metadata.uid } })
  assert.equal(right.status, 200)
})

test('a finalizer holds the object until it is taken away', async () => {
  await http.send('POST', PATH, configMap('held', {}, { finalizers: ['example.com/hold'] }))
  const { body: held } = await http.send('DELETE', `${PATH}/held`)
  assert.equal(held.kind, 'ConfigMap')
  assert.ok(held.metadata.deletionTimestamp)
  const still = await http.send('GET', `${PATH}/held`)
  assert.equal(still.status, 200)
  const more = {
    ...still.body,
    metadata: { ...still.body.metadata, finalizers: ['example.com/hold', 'example.com/new'] },
  }
  assert.equal((await http.send('PUT', `${PATH}/held`, more)).status, 422)
  await http.send('PUT', `${PATH}/held`, {
    ...still.body,
    metadata: { ...still.body.metadata, finalizers: [] },
  })
  assert.equal((await http.send('GET', `${PATH}/held`)).status, 404)
})

test('dependents go with their owner, or stay as orphans, or hold it back', async () => {
  for (const policy of ['Background', 'Orphan', 'Foreground']) {
    const name = policy.toLowerCase()
    const { body: owner } = await http.send('POST', PATH, configMap(`${name}-owner`))
    const ownerReferences = [
      {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        name: owner.metadata.name,
        uid: owner.metadata.uid,
        blockOwnerDeletion: true,
      },
    ]
    await http.send('POST', PATH, configMap(`${name}-child`, {}, { ownerReferences }))
    const { status } = await http.send('DELETE', `${PATH}/${name}-owner`, { propagationPolicy: policy })
    assert.equal(status, 200)
    await gone(`${PATH}/${name}-owner`)
    if (policy === 'Orphan') {
      const { body: child } = await http.send('GET', `${PATH}/${name}-child`)
      assert.equal(child.metadata.ownerReferences, undefined)
    } else await gone(`${PATH}/${name}-child`)
  }
})

test('a pod on a node ends in two phases; a later request may only shorten the time', async () => {
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'graceful' },
    spec: { nodeName: 'n1', containers: [{ name: 'c', image: 'i' }], terminationGracePeriodSeconds: 20 },
  }
  assert.equal((await http.send('POST', PODS, pod)).status, 201)
  const { body: first } = await http.send('DELETE', `${PODS}/graceful`)
  assert.equal(first.metadata.deletionGracePeriodSeconds, 20)
  assert.equal(
    (await http.send('DELETE', `${PODS}/graceful`, { gracePeriodSeconds: 60 })).body.metadata
      .deletionGracePeriodSeconds,
    20,
  )
  assert.equal(
    (await http.send('DELETE', `${PODS}/graceful`, { gracePeriodSeconds: 5 })).body.metadata
      .deletionGracePeriodSeconds,
    5,
  )
  assert.equal((await http.send('DELETE', `${PODS}/graceful`, { gracePeriodSeconds: 0 })).status, 200)
  assert.equal((await http.send('GET', `${PODS}/graceful`)).status, 404)
})

test('a collection is deleted by selector, and the rest stays', async () => {
  for (let i = 0; i < 30; i++) {
    await http.send('POST', PATH, configMap(`many-${i}`, {}, { labels: { half: String(i % 2) } }))
  }
  const { status } = await http.send('DELETE', PATH, undefined, { query: { labelSelector: 'half=0' } })
  assert.equal(status, 200)
  const { body } = await http.send('GET', PATH, undefined, { query: { labelSelector: 'half' } })
  assert.equal(body.items.length, 15)
})

test('a namespace takes everything in it away, then itself', async () => {
  await http.send('POST', '/api/v1/namespaces', {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'doomed' },
  })
  await http.send('POST', '/api/v1/namespaces/doomed/configmaps', configMap('inside'))
  const { body } = await http.send('DELETE', '/api/v1/namespaces/doomed')
  assert.equal(body.status.phase, 'Terminating')
  await gone('/api/v1/namespaces/doomed')
  const left = [...plane.plane.store.stats().keys()].filter(
    (bucket) => plane.plane.store.list({ prefix: `${bucket}/doomed/` }).entries.length > 0,
  )
  assert.deepEqual(left, [])
})

test('a dry run deletes nothing', async () => {
  await http.send('POST', PATH, configMap('stays'))
  assert.equal((await http.send('DELETE', `${PATH}/stays`, { dryRun: ['All'] })).status, 200)
  assert.equal((await http.send('GET', `${PATH}/stays`)).status, 200)
})
