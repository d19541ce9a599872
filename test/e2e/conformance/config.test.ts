// Conformance: configuration and classes: config maps and secrets, priorities, limits, runtime classes.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { conformanceApi, type Json, unique } from './api.ts'

const api = conformanceApi()

const MERGE = { contentType: 'application/merge-patch+json' }
const POD = { containers: [{ name: 'c', image: 'i' }] }
const core = async (resource: string) => `/api/v1/namespaces/${await api.namespace()}/${resource}`

for (const [resource, value, changed] of [
  ['configmaps', 'value', 'other'],
  ['secrets', 'dmFsdWU=', 'b3RoZXI='],
] as const) {
  test(`${resource} with an empty key are refused`, async () => {
    const body = { metadata: { name: 'empty' }, data: { '': value } }
    assert.match(
      await api.refused(422, 'Invalid', 'POST', await core(resource), body),
      /data\[\]: Invalid value: ""/,
    )
  })

  test(`${resource} that are immutable change in their metadata only, and stay immutable`, async () => {
    const path = await core(resource)
    await api.create(path, { metadata: { name: 'm' }, data: { key: value } })
    await api.patch(`${path}/m`, { data: { key: changed } })
    assert.equal((await api.patch(`${path}/m`, { immutable: true })).immutable, true)
    const refused = (patch: object) => api.refused(422, 'Invalid', 'PATCH', `${path}/m`, patch, MERGE)
    assert.match(
      await refused({ data: { key: value } }),
      /data: Forbidden: field is immutable when `immutable` is set/,
    )
    await refused({ data: { more: value } })
    await refused({ immutable: false })
    await refused({ immutable: null })
    assert.equal((await api.patch(`${path}/m`, { metadata: { labels: { a: 'b' } } })).metadata.labels.a, 'b')
    await api.delete(`${path}/m`)
  })

  test(`${resource} are found in all namespaces by label, and deleted by it`, async () => {
    const label = unique('set')
    const path = await core(resource)
    await api.create(path, { metadata: { name: 'm', labels: { set: label } }, data: { key: value } })
    await api.patch(
      `${path}/m`,
      { metadata: { labels: { patched: 'yes' } }, data: { key: changed } },
      'strategic',
    )
    const all = `/api/v1/${resource}`
    const { items } = await api.get(all, { labelSelector: `set=${label},patched` })
    assert.deepEqual(
      items.map(({ data }: Json) => data.key),
      [changed],
    )
    await api.delete(path, undefined, { labelSelector: `set=${label}` })
    assert.deepEqual((await api.get(all, { labelSelector: `set=${label}` })).items, [])
  })
}

test('a secret shows text it was given as bytes, and keeps its type', async () => {
  const path = await core('secrets')
  const made = await api.create(path, { metadata: { name: 's' }, stringData: { key: 'text' } })
  assert.deepEqual([made.data.key, made.stringData, made.type], ['dGV4dA==', undefined, 'Opaque'])
  await api.refused(422, 'Invalid', 'PATCH', `${path}/s`, { type: 'kubernetes.io/tls' }, MERGE)
})

test('a priority class changes in what may change, and in its value never', async () => {
  const path = '/apis/scheduling.k8s.io/v1/priorityclasses'
  const name = unique('p')
  await api.create(path, { metadata: { name }, value: 1, description: 'one' })
  const updated = await api.edit(`${path}/${name}`, (object) => {
    object.description = 'updated'
  })
  assert.equal(updated.description, 'updated')
  assert.equal((await api.patch(`${path}/${name}`, { description: 'patched' })).description, 'patched')
  assert.match(
    await api.refused(422, 'Invalid', 'PATCH', `${path}/${name}`, { value: 2 }, MERGE),
    /value: .*may not be changed/,
  )
  const object = await api.get(`${path}/${name}`)
  await api.refused(422, 'Invalid', 'PUT', `${path}/${name}`, { ...object, value: 3 })
  const names = (await api.get(path)).items.map(({ metadata }: Json) => metadata.name)
  assert.ok(names.includes('system-cluster-critical') && names.includes('system-node-critical'))
})

test('a pod has the number and the preemption of its priority class', async () => {
  const classes = '/apis/scheduling.k8s.io/v1/priorityclasses'
  const name = unique('p')
  await api.create(classes, { metadata: { name }, value: 100, preemptionPolicy: 'Never' })
  const path = await core('pods')
  const { spec } = await api.create(path, {
    metadata: { name: 'p' },
    spec: { ...POD, priorityClassName: name },
  })
  assert.deepEqual([spec.priority, spec.preemptionPolicy], [100, 'Never'])
  await api.refused(403, 'Forbidden', 'POST', path, {
    metadata: { name: 'q' },
    spec: { ...POD, priorityClassName: 'nothing' },
  })
})

const LIMITS = {
  type: 'Container',
  min: { cpu: '50m', memory: '100Mi' },
  max: { cpu: '500m', memory: '500Mi' },
  default: { cpu: '500m', memory: '500Mi' },
  defaultRequest: { cpu: '100m', memory: '200Mi' },
}

test('a limit range fills in what pods leave out, and refuses what is beyond it', async () => {
  const namespace = await api.namespace()
  const [ranges, pods] = ['limitranges', 'pods'].map((name) => `/api/v1/namespaces/${namespace}/${name}`) as [
    string,
    string,
  ]
  await api.create(ranges, { metadata: { name: 'l' }, spec: { limits: [LIMITS] } })
  const create = (name: string, resources: object) =>
    api.create(pods, { metadata: { name }, spec: { containers: [{ ...POD.containers[0], resources }] } })
  const resourcesOf = (pod: Json) => pod.spec.containers[0].resources
  assert.deepEqual(resourcesOf(await create('none', {})), {
    requests: LIMITS.defaultRequest,
    limits: LIMITS.default,
  })
  const partial = await create('partial', {
    requests: { cpu: '300m', memory: '150Mi' },
    limits: { cpu: '300m' },
  })
  assert.deepEqual(resourcesOf(partial), {
    requests: { cpu: '300m', memory: '150Mi' },
    limits: { cpu: '300m', memory: '500Mi' },
  })
  const refuse = (resources: object) =>
    api.refused(403, 'Forbidden', 'POST', pods, {
      metadata: { name: 'x' },
      spec: { containers: [{ ...POD.containers[0], resources }] },
    })
  assert.match(
    await refuse({ requests: { cpu: '10m' } }),
    /minimum cpu usage per Container is 50m, but request is 10m/,
  )
  assert.match(
    await refuse({ limits: { cpu: '600m' } }),
    /maximum cpu usage per Container is 500m, but limit is 600m/,
  )
  await api.patch(`${ranges}/l`, { spec: { limits: [{ ...LIMITS, min: { cpu: '9m', memory: '10Mi' } }] } })
  await create('small', { requests: { cpu: '10m', memory: '10Mi' } })
  await api.delete(`${ranges}/l`)
  assert.deepEqual(resourcesOf(await create('free', {})), {})
})

test('limit ranges are found in all namespaces, and deleted in one', async () => {
  const label = unique('set')
  const paths = [await core('limitranges'), await core('limitranges')] as const
  for (const path of paths)
    await api.create(path, { metadata: { name: 'l', labels: { set: label } }, spec: { limits: [LIMITS] } })
  const found = async () =>
    (await api.get('/api/v1/limitranges', { labelSelector: `set=${label}` })).items.length
  assert.equal(await found(), 2)
  await api.delete(paths[0], undefined, { labelSelector: `set=${label}` })
  assert.equal(await found(), 1)
})

test('a pod takes the overhead and the nodes of its runtime class; one without such a class is refused', async () => {
  const classes = '/apis/node.k8s.io/v1/runtimeclasses'
  const name = unique('r')
  const overhead = { podFixed: { cpu: '10m', memory: '1Mi' } }
  const scheduling = {
    nodeSelector: { foo: 'bar' },
    tolerations: [{ key: 'foo', operator: 'Equal', value: 'bar', effect: 'NoSchedule' }],
  }
  await api.create(classes, { metadata: { name }, handler: 'h', overhead, scheduling })
  const pods = await core('pods')
  const { spec } = await api.create(pods, {
    metadata: { name: 'p' },
    spec: { ...POD, runtimeClassName: name },
  })
  assert.deepEqual(spec.overhead, overhead.podFixed)
  assert.deepEqual(spec.nodeSelector, scheduling.nodeSelector)
  assert.ok(spec.tolerations.some(({ key, value }: Json) => key === 'foo' && value === 'bar'))
  await api.delete(`${classes}/${name}`)
  for (const absent of [name, 'never-existed']) {
    const body = { metadata: { name: 'q' }, spec: { ...POD, runtimeClassName: absent } }
    assert.match(await api.refused(403, 'Forbidden', 'POST', pods, body), /RuntimeClass.*not found/)
  }
})

test('pod templates are replaced, and deleted by label', async () => {
  const path = await core('podtemplates')
  const labels = { set: 'a' }
  for (const name of ['one', 'two', 'three'])
    await api.create(path, { metadata: { name, labels }, template: { spec: POD } })
  const replaced = await api.edit(`${path}/one`, ({ metadata }) => {
    metadata.annotations = { updated: 'true' }
  })
  assert.equal(replaced.metadata.annotations.updated, 'true')
  await api.delete(path, undefined, { labelSelector: 'set=a' })
  assert.deepEqual((await api.get(path)).items, [])
})
