// Conformance: pods as API objects, and what else a node would touch: bindings, deletion in two steps, events.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventually } from '@brume/testkit/eventually'
import { conformanceApi, type Json, unique } from './api.ts'

const api = conformanceApi()

const CONTAINER = { name: 'c', image: 'i:1' }
const MERGE = { contentType: 'application/merge-patch+json' }
const pods = async () => `/api/v1/namespaces/${await api.namespace()}/pods`
const create = (path: string, name: string, spec: object = {}, metadata: object = {}) =>
  api.create(path, { metadata: { name, ...metadata }, spec: { containers: [CONTAINER], ...spec } })

test('a pod runs through its life as watchers see it', async () => {
  const path = await pods()
  const watch = api.watch(path, { labelSelector: 'life=static' })
  const made = await create(path, 'p', {}, { labels: { life: 'static' } })
  assert.equal(made.status.phase, 'Pending')
  await api.patch(
    `${path}/p`,
    { metadata: { labels: { patched: 'yes' } }, spec: { containers: [{ name: 'c', image: 'i:2' }] } },
    'strategic',
  )
  assert.equal((await api.get(`${path}/p`)).spec.containers[0].image, 'i:2')
  const status = await api.edit(`${path}/p/status`, (pod) => {
    pod.status.conditions = [{ type: 'Ready', status: 'False' }]
  })
  assert.deepEqual(
    status.status.conditions.map(({ type, status }: Json) => [type, status]),
    [['Ready', 'False']],
  )
  await api.delete(path, { gracePeriodSeconds: 0 }, { labelSelector: 'life=static' })
  await watch.saw('the patch', ({ object }) => object.metadata.labels.patched === 'yes')
  await watch.saw('the status', ({ object }) => object.status.conditions?.[0]?.type === 'Ready')
  await watch.saw('the deletion', ({ type }) => type === 'DELETED')
})

test('the status of a pod is patched, and nothing else by that', async () => {
  const path = await pods()
  await create(path, 'p')
  const patched = await api.patch(`${path}/p/status`, {
    spec: { activeDeadlineSeconds: 9 },
    status: { message: 'Patched by e2e test', reason: 'E2E' },
  })
  assert.deepEqual([patched.status.message, patched.status.reason], ['Patched by e2e test', 'E2E'])
  assert.equal(patched.spec.activeDeadlineSeconds, undefined)
})

test('a set of pods is deleted at once', async () => {
  const path = await pods()
  for (const name of ['one', 'two', 'three']) await create(path, name, {}, { labels: { type: 'Testing' } })
  await api.delete(path, { gracePeriodSeconds: 0 }, { labelSelector: 'type=Testing' })
  await eventually('no pods', async () => (await api.get(path)).items.length === 0)
})

test('a pod has its class of service from its requests and limits', async () => {
  const path = await pods()
  const of = async (name: string, resources: object) =>
    (await create(path, name, { containers: [{ ...CONTAINER, resources }] })).status.qosClass
  const both = { cpu: '100m', memory: '100Mi' }
  assert.equal(await of('guaranteed', { requests: both, limits: both }), 'Guaranteed')
  assert.equal(await of('limited', { limits: both }), 'Guaranteed')
  assert.equal(await of('burstable', { requests: { cpu: '100m' } }), 'Burstable')
  assert.equal(await of('effort', {}), 'BestEffort')
})

test('labels, images and deadlines of a pod change; the rest of its spec does not', async () => {
  const path = await pods()
  await create(path, 'p')
  const labelled = await api.edit(`${path}/p`, ({ metadata }) => {
    metadata.labels = { time: 'updated' }
  })
  assert.equal(labelled.metadata.labels.time, 'updated')
  assert.equal((await api.get(path, { labelSelector: 'time=updated' })).items.length, 1)
  assert.equal(
    (await api.patch(`${path}/p`, { spec: { activeDeadlineSeconds: 30 } })).spec.activeDeadlineSeconds,
    30,
  )
  assert.equal(
    (await api.patch(`${path}/p`, { spec: { activeDeadlineSeconds: 5 } })).spec.activeDeadlineSeconds,
    5,
  )
  await api.refused(422, 'Invalid', 'PATCH', `${path}/p`, { spec: { activeDeadlineSeconds: 60 } }, MERGE)
  const tolerations = [{ key: 'a', operator: 'Exists' }]
  const { spec } = await api.get(`${path}/p`)
  await api.patch(`${path}/p`, { spec: { tolerations: [...spec.tolerations, ...tolerations] } })
  for (const change of [
    { restartPolicy: 'Never' },
    { hostNetwork: true },
    { containers: [{ ...spec.containers[0], command: ['x'] }] },
  ]) {
    assert.match(
      await api.refused(422, 'Invalid', 'PATCH', `${path}/p`, { spec: change }, MERGE),
      /pod updates may not change fields other than/,
    )
  }
})

test('an ephemeral container is added through its own endpoint, and stays', async () => {
  const path = await pods()
  await create(path, 'p')
  const debug = { name: 'debug', image: 'busybox', targetContainerName: 'c', stdin: true, tty: true }
  const added = await api.patch(
    `${path}/p/ephemeralcontainers`,
    { spec: { ephemeralContainers: [debug] } },
    'strategic',
  )
  assert.equal(added.spec.ephemeralContainers[0].terminationMessagePolicy, 'File')
  const read = await api.get(`${path}/p/ephemeralcontainers`)
  read.spec.ephemeralContainers.push({ name: 'second', image: 'busybox' })
  const replaced = await api.replace(`${path}/p/ephemeralcontainers`, read)
  assert.deepEqual(
    replaced.spec.ephemeralContainers.map(({ name }: Json) => name),
    ['debug', 'second'],
  )
  await api.refused(
    422,
    'Invalid',
    'PATCH',
    `${path}/p/ephemeralcontainers`,
    { spec: { ephemeralContainers: [] } },
    MERGE,
  )
  await api.refused(
    422,
    'Invalid',
    'PATCH',
    `${path}/p`,
    { spec: { ephemeralContainers: [debug, { ...debug, name: 'third' }] } },
    MERGE,
  )
})

test('invalid sysctls are refused, each by name', async () => {
  const sysctls = ['foo-', 'kernel.shmmax', 'safe-and-unsafe', 'bar..'].map((name) => ({ name, value: '1' }))
  const body = { metadata: { name: 'p' }, spec: { containers: [CONTAINER], securityContext: { sysctls } } }
  const message = await api.refused(422, 'Invalid', 'POST', await pods(), body)
  for (const bad of ['foo-', 'bar..']) assert.ok(message.includes(`Invalid value: "${bad}"`), message)
  assert.ok(!message.includes('kernel.shmmax'))
})

test('a pod with scheduling gates waits for them, and they only go', async () => {
  const path = await pods()
  const { status } = await create(path, 'p', {
    schedulingGates: [{ name: 'a.example.com' }, { name: 'b.example.com' }],
  })
  const gated = status.conditions.find(({ type }: Json) => type === 'PodScheduled')
  assert.deepEqual([gated.status, gated.reason], ['False', 'SchedulingGated'])
  await api.refused(
    422,
    'Invalid',
    'PATCH',
    `${path}/p`,
    { spec: { schedulingGates: [{ name: 'c.example.com' }] } },
    MERGE,
  )
  const binding = { metadata: { name: 'p' }, target: { kind: 'Node', name: 'n' } }
  assert.ok((await api.send('POST', `${path}/p/binding`, binding)).status >= 400)
  assert.equal(
    (await api.patch(`${path}/p`, { spec: { schedulingGates: [] } })).spec.schedulingGates,
    undefined,
  )
  assert.equal((await api.send('POST', `${path}/p/binding`, binding)).status, 201)
})

test('a bound pod is told to end first, and goes when its node says so', async () => {
  const path = await pods()
  await create(path, 'p')
  const target = { apiVersion: 'v1', kind: 'Node', name: 'n' }
  const bound = await api.send('POST', `${path}/p/binding`, { metadata: { name: 'p' }, target })
  assert.equal(bound.status, 201, bound.text)
  const pod = await api.get(`${path}/p`)
  assert.equal(pod.spec.nodeName, 'n')
  assert.equal(pod.status.conditions.find(({ type }: Json) => type === 'PodScheduled').status, 'True')
  await api.refused(409, 'Conflict', 'POST', `${path}/p/binding`, {
    metadata: { name: 'p' },
    target: { ...target, name: 'm' },
  })
  await api.patch(`${path}/p/status`, { status: { phase: 'Running' } })
  const asked = await api.delete(`${path}/p`, { gracePeriodSeconds: 20 })
  assert.equal(asked.metadata.deletionGracePeriodSeconds, 20)
  const shorter = await api.delete(`${path}/p`, { gracePeriodSeconds: 5 })
  assert.equal(shorter.metadata.deletionGracePeriodSeconds, 5)
  const longer = await api.delete(`${path}/p`, { gracePeriodSeconds: 60 })
  assert.equal(longer.metadata.deletionGracePeriodSeconds, 5)
  assert.equal(longer.metadata.generation, undefined)
  await api.delete(`${path}/p`, { gracePeriodSeconds: 0, preconditions: { uid: pod.metadata.uid } })
  await api.refused(404, 'NotFound', 'GET', `${path}/p`)
})

test('pods are found by their node and their phase', async () => {
  const path = await pods()
  await create(path, 'bound', { nodeName: 'some-node' })
  await create(path, 'loose')
  await api.patch(`${path}/bound/status`, {
    status: { phase: 'Running', podIP: '10.1.2.3', podIPs: [{ ip: '10.1.2.3' }] },
  })
  const names = async (fieldSelector: string) =>
    (await api.get(path, { fieldSelector })).items.map(({ metadata }: Json) => metadata.name)
  assert.deepEqual(await names('spec.nodeName=some-node'), ['bound'])
  assert.deepEqual(await names('spec.nodeName='), ['loose'])
  assert.deepEqual(await names('status.phase!=Running'), ['loose'])
  assert.deepEqual(await names('status.podIP=10.1.2.3,spec.restartPolicy=Always'), ['bound'])
})

test('a name is generated where only its beginning is given', async () => {
  const path = await pods()
  const body = { metadata: { generateName: 'gen-' }, spec: { containers: [CONTAINER] } }
  const [one, two] = [await api.create(path, body), await api.create(path, body)]
  assert.match(one.metadata.name, /^gen-[bcdfghjklmnpqrstvwxz2456789]{5}$/)
  assert.notEqual(one.metadata.name, two.metadata.name)
})

test('a dry run answers with what would be, and leaves no trace', async () => {
  const path = await pods()
  const would = await api.create(
    path,
    { metadata: { name: 'p' }, spec: { containers: [CONTAINER] } },
    { dryRun: 'All' },
  )
  assert.equal(would.spec.restartPolicy, 'Always')
  await api.refused(404, 'NotFound', 'GET', `${path}/p`)
  await create(path, 'p')
  const patch = { spec: { containers: [{ name: 'c', image: 'dry' }] } }
  assert.equal(
    (await api.patch(`${path}/p`, patch, 'strategic', { dryRun: 'All' })).spec.containers[0].image,
    'dry',
  )
  assert.equal((await api.get(`${path}/p`)).spec.containers[0].image, CONTAINER.image)
})

test('an event is the same in both of its groups, and found by what it is about', async () => {
  const namespace = await api.namespace()
  const [core, own] = [
    `/api/v1/namespaces/${namespace}/events`,
    `/apis/events.k8s.io/v1/namespaces/${namespace}/events`,
  ]
  const label = unique('set')
  for (const [name, reason] of [
    ['e1', 'Started'],
    ['e2', 'Killed'],
  ] as const) {
    await api.create(own, {
      metadata: { name, labels: { set: label } },
      regarding: { kind: 'Pod', name: 'p', namespace, apiVersion: 'v1' },
      eventTime: '2026-01-01T00:00:00.000000Z',
      reportingController: 'example.com/c',
      reportingInstance: 'i',
      action: 'Do',
      reason,
      type: 'Normal',
      note: 'the note',
    })
  }
  const seen = await api.get(`${core}/e1`)
  assert.deepEqual(
    [seen.message, seen.involvedObject.name, seen.reportingComponent],
    ['the note', 'p', 'example.com/c'],
  )
  const { items } = await api.get(core, {
    fieldSelector: 'involvedObject.kind=Pod,involvedObject.name=p,reason=Killed',
  })
  assert.deepEqual(
    items.map(({ metadata }: Json) => metadata.name),
    ['e2'],
  )
  assert.equal((await api.patch(`${core}/e1`, { message: 'other' })).message, 'other')
  assert.equal((await api.get(`${own}/e1`)).note, 'other')
  await api.delete(own, undefined, { labelSelector: `set=${label}` })
  assert.deepEqual((await api.get('/api/v1/events', { labelSelector: `set=${label}` })).items, [])
})

test('what only a node can answer is not found for a pod or a service that is not there', async () => {
  const path = await pods()
  for (const rest of ['log', 'proxy/', 'exec?command=x&stdout=true']) {
    const [subresource, query = ''] = rest.split('?')
    const options = { query: Object.fromEntries(new URLSearchParams(query)) }
    const message = await api.refused(
      404,
      'NotFound',
      'GET',
      `${path}/absent/${subresource}`,
      undefined,
      options,
    )
    assert.equal(message, 'pods "absent" not found')
  }
  const services = path.replace(/pods$/, 'services')
  await api.refused(404, 'NotFound', 'GET', `${services}/https:absent:443/proxy/`)
})
