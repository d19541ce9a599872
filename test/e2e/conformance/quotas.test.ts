// Conformance: quotas follow the life of what they count, refuse what is too much, and have a life of their own.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventually } from '@brume/testkit/eventually'
import { conformanceApi, type Json, unique } from './api.ts'
import { define } from './custom.ts'

const api = conformanceApi()

const container = (resources: object = {}) => ({ name: 'c', image: 'i', resources })
const pod = (name: string, resources: object = {}, more: object = {}) => ({
  metadata: { name },
  spec: { containers: [container(resources)], ...more },
})

async function scene(quotas: Record<string, object>) {
  const namespace = await api.namespace()
  const path = `/api/v1/namespaces/${namespace}`
  // They count themselves: what every namespace gets must be there first.
  for (const made of ['configmaps/kube-root-ca.crt', 'serviceaccounts/default']) {
    await eventually(made, async () => (await api.send('GET', `${path}/${made}`)).status === 200)
  }
  for (const [name, spec] of Object.entries(quotas)) {
    await api.create(`${path}/resourcequotas`, { metadata: { name }, spec })
  }
  const used = (quota: string, wanted: Record<string, string>) =>
    eventually(`${quota} has used ${JSON.stringify(wanted)}`, async () => {
      const { status } = await api.get(`${path}/resourcequotas/${quota}`)
      const now = status?.used
      return now !== undefined && Object.entries(wanted).every(([name, amount]) => now[name] === amount)
    })
  return { namespace, path, used }
}

test('the status of a new quota is worked out promptly', async () => {
  const { path, used } = await scene({ q: { hard: { pods: '5', resourcequotas: '1', services: '10' } } })
  await used('q', { pods: '0', resourcequotas: '1', services: '0' })
  assert.deepEqual((await api.get(`${path}/resourcequotas/q`)).status.hard, {
    pods: '5',
    resourcequotas: '1',
    services: '10',
  })
  const message = await api.refused(403, 'Forbidden', 'POST', `${path}/resourcequotas`, {
    metadata: { name: 'second' },
    spec: { hard: {} },
  })
  assert.match(
    message,
    /exceeded quota: q, requested: resourcequotas=1, used: resourcequotas=1, limited: resourcequotas=1/,
  )
})

const template = { metadata: { labels: { app: 'a' } }, spec: { containers: [container()] } }
const COUNTED: Record<string, { collection?: string; counts: string[]; base?: number; body: object }> = {
  secret: { collection: 'secrets', counts: ['secrets', 'count/secrets'], body: { stringData: { a: 'b' } } },
  configMap: {
    collection: 'configmaps',
    counts: ['configmaps', 'count/configmaps'],
    base: 1,
    body: { data: { a: 'b' } },
  },
  'persistent volume claim': {
    collection: 'persistentvolumeclaims',
    counts: ['persistentvolumeclaims'],
    body: { spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } },
  },
  'replication controller': {
    collection: 'replicationcontrollers',
    counts: ['replicationcontrollers'],
    body: { spec: { replicas: 0, selector: { app: 'a' }, template } },
  },
  'replica set': {
    counts: ['count/replicasets.apps'],
    body: { spec: { replicas: 0, selector: { matchLabels: { app: 'a' } }, template } },
  },
}

for (const [what, { collection, counts, base = 0, body }] of Object.entries(COUNTED)) {
  test(`a quota captures the life of a ${what}`, async () => {
    const hard = Object.fromEntries(counts.map((name) => [name, '2']))
    const expected = (amount: number) => Object.fromEntries(counts.map((name) => [name, String(amount)]))
    const { namespace, path, used } = await scene({ q: { hard } })
    await used('q', expected(base))
    const objects =
      collection === undefined ? `/apis/apps/v1/namespaces/${namespace}/replicasets` : `${path}/${collection}`
    await api.create(objects, { metadata: { name: 'one' }, ...body })
    await used('q', expected(base + 1))
    if (base === 0) await api.create(objects, { metadata: { name: 'two' }, ...body })
    assert.match(
      await api.refused(403, 'Forbidden', 'POST', objects, { metadata: { name: 'three' }, ...body }),
      /exceeded quota: q/,
    )
    await api.delete(`${objects}/one`)
    await used('q', expected(1))
  })
}

test('a quota captures the life of services, their ports and their types', async () => {
  const { path, used } = await scene({
    q: { hard: { services: '3', 'services.nodeports': '1', 'services.loadbalancers': '1' } },
  })
  const service = (name: string, type: string) => ({
    metadata: { name },
    spec: { type, ports: [{ port: 80 }] },
  })
  await api.create(`${path}/services`, service('cluster', 'ClusterIP'))
  await api.create(`${path}/services`, service('node', 'NodePort'))
  await used('q', { services: '2', 'services.nodeports': '1', 'services.loadbalancers': '0' })
  await api.refused(403, 'Forbidden', 'POST', `${path}/services`, service('balanced', 'LoadBalancer'))
  await api.delete(`${path}/services/node`)
  await api.delete(`${path}/services/cluster`)
  await used('q', { services: '0', 'services.nodeports': '0' })
})

test('a quota captures the life of pods: cpu, memory, local storage and what only this cluster knows', async () => {
  const hard = {
    pods: '5',
    cpu: '1',
    memory: '500Mi',
    'requests.ephemeral-storage': '50Gi',
    'requests.example.com/dongle': '3',
  }
  const { path, used } = await scene({ q: { hard } })
  const wants = (cpu: string, dongles = '2') => {
    const requests = { cpu, memory: '252Mi', 'ephemeral-storage': '30Gi', 'example.com/dongle': dongles }
    return { requests, limits: { 'example.com/dongle': dongles } }
  }
  await used('q', { pods: '0' })
  await api.create(`${path}/pods`, pod('one', wants('500m')))
  const held = {
    pods: '1',
    cpu: '500m',
    memory: '252Mi',
    'requests.ephemeral-storage': '30Gi',
    'requests.example.com/dongle': '2',
  }
  await used('q', held)
  const tooMuch = await api.refused(403, 'Forbidden', 'POST', `${path}/pods`, pod('two', wants('600m')))
  assert.match(tooMuch, /exceeded quota: q, requested: .*cpu=600m.*used: .*cpu=500m.*limited: .*cpu=1/)
  await api.refused(
    403,
    'Forbidden',
    'POST',
    `${path}/pods`,
    pod('three', { ...wants('1m', '2'), requests: { cpu: '1m', memory: '1Mi', 'example.com/dongle': '2' } }),
  )
  await api.refused(
    422,
    'Invalid',
    'PATCH',
    `${path}/pods/one`,
    { spec: { containers: [{ ...container(wants('100m')) }] } },
    { contentType: 'application/strategic-merge-patch+json' },
  )
  await used('q', held)
  const missing = await api.refused(403, 'Forbidden', 'POST', `${path}/pods`, pod('four'))
  assert.match(missing, /failed quota: q: must specify cpu for: c; memory for: c/)
  await api.delete(`${path}/pods/one`, { gracePeriodSeconds: 0 })
  await used('q', {
    pods: '0',
    cpu: '0',
    memory: '0',
    'requests.ephemeral-storage': '0',
    'requests.example.com/dongle': '0',
  })
})

test('quotas of terminating and other pods count only those', async () => {
  const hard = {
    pods: '5',
    'requests.cpu': '1',
    'requests.memory': '500Mi',
    'limits.cpu': '2',
    'limits.memory': '1Gi',
  }
  const { path, used } = await scene({
    ending: { hard, scopes: ['Terminating'] },
    lasting: { hard, scopes: ['NotTerminating'] },
  })
  const resources = { requests: { cpu: '500m', memory: '200Mi' }, limits: { cpu: '1', memory: '400Mi' } }
  const counted = {
    pods: '1',
    'requests.cpu': '500m',
    'requests.memory': '200Mi',
    'limits.cpu': '1',
    'limits.memory': '400Mi',
  }
  await used('ending', { pods: '0' })
  await api.create(`${path}/pods`, pod('lasts', resources))
  await used('lasting', counted)
  await used('ending', { pods: '0', 'requests.cpu': '0' })
  await api.delete(`${path}/pods/lasts`, { gracePeriodSeconds: 0 })
  await used('lasting', { pods: '0', 'limits.memory': '0' })
  await api.create(`${path}/pods`, pod('ends', resources, { activeDeadlineSeconds: 3600 }))
  await used('ending', counted)
  await used('lasting', { pods: '0' })
})

test('quotas of pods of best effort and of the others count only those', async () => {
  const { path, used } = await scene({
    best: { hard: { pods: '5' }, scopes: ['BestEffort'] },
    other: { hard: { pods: '5' }, scopes: ['NotBestEffort'] },
  })
  await used('best', { pods: '0' })
  await api.create(`${path}/pods`, pod('best'))
  await used('best', { pods: '1' })
  await used('other', { pods: '0' })
  await api.delete(`${path}/pods/best`, { gracePeriodSeconds: 0 })
  await used('best', { pods: '0' })
  await api.create(`${path}/pods`, pod('other', { requests: { cpu: '100m' } }))
  await used('other', { pods: '1' })
  await used('best', { pods: '0' })
})

test('quotas of a priority class count the pods of it', async () => {
  const name = unique('class')
  await api.create('/apis/scheduling.k8s.io/v1/priorityclasses', { metadata: { name }, value: 1000 })
  const scoped = (operator: string, values?: string[]) => ({
    hard: { pods: '1' },
    scopeSelector: {
      matchExpressions: [{ scopeName: 'PriorityClass', operator, ...(values ? { values } : {}) }],
    },
  })
  const { path, used } = await scene({
    in: scoped('In', [name]),
    without: scoped('NotIn', [name]),
    exists: scoped('Exists'),
  })
  await used('in', { pods: '0' })
  await api.create(`${path}/pods`, pod('prior', {}, { priorityClassName: name }))
  await used('in', { pods: '1' })
  await used('exists', { pods: '1' })
  await used('without', { pods: '0' })
  await api.refused(403, 'Forbidden', 'POST', `${path}/pods`, pod('second', {}, { priorityClassName: name }))
  await api.create(`${path}/pods`, pod('plain'))
  await used('without', { pods: '1' })
})

test('a quota is updated and deleted', async () => {
  const { path, used } = await scene({ q: { hard: { cpu: '1', memory: '500Mi' } } })
  await used('q', { cpu: '0' })
  await api.edit(`${path}/resourcequotas/q`, ({ spec }) => {
    spec.hard = { cpu: '2', memory: '1Gi' }
  })
  await eventually(
    'the new limits',
    async () => (await api.get(`${path}/resourcequotas/q`)).status.hard.memory === '1Gi',
  )
  await api.delete(`${path}/resourcequotas/q`)
  await api.refused(404, 'NotFound', 'GET', `${path}/resourcequotas/q`)
  await api.create(`${path}/pods`, pod('free'))
})

test('the status of a quota is written without touching its spec, and comes back to the truth', async () => {
  const { path, used } = await scene({ q: { hard: { cpu: '500m', memory: '500Mi' } } })
  await used('q', { cpu: '0' })
  const quota = `${path}/resourcequotas/q`
  const hard = (object: Json) => [object.spec.hard.cpu, object.status.hard.cpu]
  assert.deepEqual(
    hard(
      await api.patch(`${quota}/status`, { spec: { hard: { cpu: '9' } }, status: { hard: { cpu: '1' } } }),
    ),
    ['500m', '1'],
  )
  await eventually(
    'the controller mends it',
    async () => (await api.get(`${quota}/status`)).status.hard.cpu === '500m',
  )
  await api.patch(quota, { spec: { hard: { cpu: '2' } } })
  await eventually('the new limit', async () => hard(await api.get(`${quota}/status`)).join() === '2,2')
})

test('what a limit range fills in counts', async () => {
  const { path, used } = await scene({ q: { hard: { 'requests.cpu': '1' } } })
  await api.create(`${path}/limitranges`, {
    metadata: { name: 'l' },
    spec: { limits: [{ type: 'Container', defaultRequest: { cpu: '300m' } }] },
  })
  await used('q', { 'requests.cpu': '0' })
  await api.create(`${path}/pods`, pod('p'))
  await used('q', { 'requests.cpu': '300m' })
})

test('a quota captures the life of a custom resource', async () => {
  const kind = await define(api)
  const count = `count/${kind.name}`
  const { namespace, used } = await scene({ q: { hard: { [count]: '1' } } })
  await used('q', { [count]: '0' })
  const path = kind.namespaced(namespace)
  const body = (name: string) => ({ apiVersion: kind.apiVersion(), kind: 'Foo', metadata: { name } })
  await api.create(path, body('one'))
  await used('q', { [count]: '1' })
  await api.refused(403, 'Forbidden', 'POST', path, body('two'))
  await api.delete(`${path}/one`)
  await used('q', { [count]: '0' })
})
