// Conformance: the API of workloads without anybody who runs them: scale, status, revisions, budgets and evictions.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { conformanceApi, type Json, unique } from './api.ts'

const api = conformanceApi()

const POD = { containers: [{ name: 'c', image: 'i' }] }
const template = { metadata: { labels: { app: 'a' } }, spec: POD }
const selector = { matchLabels: { app: 'a' } }
const APPS = async () => `/apis/apps/v1/namespaces/${await api.namespace()}`
const CORE = async () => `/api/v1/namespaces/${await api.namespace()}`

const SCALED: Record<string, { path(): Promise<string>; spec: object; selector: string }> = {
  Deployment: {
    path: async () => `${await APPS()}/deployments`,
    // Paused: nobody numbers its revisions, which would be new generations.
    spec: { paused: true, selector, template },
    selector: 'app=a',
  },
  ReplicaSet: {
    path: async () => `${await APPS()}/replicasets`,
    spec: { selector, template },
    selector: 'app=a',
  },
  StatefulSet: {
    path: async () => `${await APPS()}/statefulsets`,
    spec: { selector, template, serviceName: 's' },
    selector: 'app=a',
  },
  ReplicationController: {
    path: async () => `${await CORE()}/replicationcontrollers`,
    spec: { selector: { app: 'a' }, template },
    selector: 'app=a',
  },
}

for (const [kind, { path, spec, selector: text }] of Object.entries(SCALED)) {
  test(`a ${kind} is scaled through its scale, and through nothing else of it`, async () => {
    const objects = await path()
    const created = await api.create(objects, { metadata: { name: 'w' }, spec })
    assert.equal(created.spec.replicas, 1)
    const scale = await api.get(`${objects}/w/scale`)
    assert.equal(`${scale.apiVersion} ${scale.kind}`, 'autoscaling/v1 Scale')
    assert.deepEqual([scale.spec.replicas, scale.status.selector], [1, text])
    assert.equal(scale.metadata.uid, created.metadata.uid)
    scale.metadata.resourceVersion = ''
    scale.spec.replicas = 2
    assert.equal((await api.replace(`${objects}/w/scale`, scale)).spec.replicas, 2)
    const patched = await api.patch(`${objects}/w/scale`, {
      metadata: { labels: { no: 'effect' } },
      spec: { replicas: 4 },
    })
    assert.equal(patched.spec.replicas, 4)
    const { spec: now, metadata } = await api.get(`${objects}/w`)
    assert.equal(now.replicas, 4)
    assert.equal(metadata.labels?.no, undefined)
    assert.equal(metadata.generation, 3)
    await api.refused(
      422,
      'Invalid',
      'PATCH',
      `${objects}/w/scale`,
      { spec: { replicas: -1 } },
      { contentType: 'application/merge-patch+json' },
    )
  })

  test(`the status of a ${kind} does not change its spec, nor its spec the status`, async () => {
    const objects = await path()
    await api.create(objects, { metadata: { name: 'w' }, spec: { ...spec, replicas: 0 } })
    const condition = { type: 'StatusPatched', status: 'True', reason: 'E2E', message: 'm' }
    const change = { spec: { replicas: 7 }, status: { conditions: [condition] } }
    const written = await api.patch(`${objects}/w/status`, change, 'strategic')
    const types = (object: Json) => object.status.conditions?.map(({ type }: Json) => type) ?? []
    assert.equal(written.spec.replicas, 0)
    assert.ok(types(written).includes('StatusPatched'))
    const ignored = { spec: { minReadySeconds: 1 }, status: { conditions: [] } }
    const changed = await api.patch(`${objects}/w`, ignored)
    assert.equal(changed.spec.minReadySeconds, 1)
    assert.ok(types(changed).includes('StatusPatched'))
    const refused = { status: { replicas: -1 } }
    await api.refused(422, 'Invalid', 'PATCH', `${objects}/w/status`, refused, {
      contentType: 'application/merge-patch+json',
    })
  })
}

test('the selector of a workload is for ever, and matches its template', async () => {
  const apps = await APPS()
  await api.create(`${apps}/deployments`, {
    metadata: { name: 'd' },
    spec: { replicas: 0, selector, template },
  })
  const other = { matchLabels: { app: 'b' } }
  const change = { spec: { selector: other, template: { metadata: { labels: { app: 'b' } } } } }
  const merge = { contentType: 'application/merge-patch+json' }
  assert.match(
    await api.refused(422, 'Invalid', 'PATCH', `${apps}/deployments/d`, change, merge),
    /spec\.selector: .*field is immutable/,
  )
  const mismatch = { metadata: { name: 'x' }, spec: { selector: other, template } }
  assert.match(
    await api.refused(422, 'Invalid', 'POST', `${apps}/deployments`, mismatch),
    /`selector` does not match template `labels`/,
  )
})

test('a container of a workload is patched by its name, and its image alone', async () => {
  const apps = await APPS()
  const two = { ...template, spec: { containers: [...POD.containers, { name: 'side', image: 'j' }] } }
  await api.create(`${apps}/deployments`, {
    metadata: { name: 'd' },
    spec: { replicas: 0, selector, template: two },
  })
  const patch = { spec: { template: { spec: { containers: [{ name: 'side', image: 'new' }] } } } }
  const { spec } = await api.patch(`${apps}/deployments/d`, patch, 'strategic')
  assert.deepEqual(spec.template.spec.containers.map(({ name, image }: Json) => `${name}=${image}`).sort(), [
    'c=i',
    'side=new',
  ])
})

test('a daemon set counts the changes of its template', async () => {
  const path = `${await APPS()}/daemonsets`
  const counted = ({ metadata }: Json) => metadata.annotations['deprecated.daemonset.template.generation']
  assert.equal(
    counted(await api.create(path, { metadata: { name: 'd' }, spec: { selector, template } })),
    '1',
  )
  const image = { spec: { template: { spec: { containers: [{ name: 'c', image: 'j' }] } } } }
  assert.equal(counted(await api.patch(`${path}/d`, image, 'strategic')), '2')
  assert.equal(
    counted(await api.patch(`${path}/d`, { metadata: { annotations: null }, spec: { minReadySeconds: 1 } })),
    '2',
  )
  const body = {
    metadata: { name: 'd' },
    spec: { selector, template: { ...template, spec: { containers: [{ name: 'c', image: 'j' }] } } },
  }
  const replaced = await api.replace(`${path}/d`, body)
  assert.deepEqual([counted(replaced), replaced.metadata.generation], ['2', 4])
})

test('a controller revision keeps its data and changes its number', async () => {
  const path = `${await APPS()}/controllerrevisions`
  await api.create(path, { metadata: { name: 'r' }, data: { spec: { template } }, revision: 1 })
  assert.equal((await api.patch(`${path}/r`, { revision: 3 })).revision, 3)
  const merge = { contentType: 'application/merge-patch+json' }
  assert.match(
    await api.refused(422, 'Invalid', 'PATCH', `${path}/r`, { data: { spec: null } }, merge),
    /data: .*field is immutable/,
  )
})

test('a job is made with its selector and its defaults, is suspended, and cannot change its template', async () => {
  const path = `/apis/batch/v1/namespaces/${await api.namespace()}/jobs`
  const { spec, metadata } = await api.create(path, {
    metadata: { name: 'j' },
    spec: { suspend: true, template: { spec: { ...POD, restartPolicy: 'Never' } } },
  })
  assert.deepEqual(spec.selector.matchLabels, { 'batch.kubernetes.io/controller-uid': metadata.uid })
  assert.equal(spec.template.metadata.labels['batch.kubernetes.io/job-name'], 'j')
  assert.deepEqual(
    [spec.backoffLimit, spec.completions, spec.parallelism, spec.completionMode],
    [6, 1, 1, 'NonIndexed'],
  )
  const updated = await api.edit(`${path}/j`, (job) => {
    job.metadata.annotations = { updated: 'true' }
    job.spec.parallelism = 2
  })
  assert.deepEqual([updated.metadata.annotations.updated, updated.spec.parallelism], ['true', 2])
  await api.refused(
    422,
    'Invalid',
    'PATCH',
    `${path}/j`,
    { spec: { completions: 9 } },
    { contentType: 'application/merge-patch+json' },
  )
  const status = await api.patch(`${path}/j/status`, { status: { startTime: '2026-01-01T00:00:00Z' } })
  assert.equal(status.metadata.uid, metadata.uid)
})

test('a cron job is refused for a schedule that is none, and its status is written apart', async () => {
  const path = `/apis/batch/v1/namespaces/${await api.namespace()}/cronjobs`
  const cron = (schedule: string) => ({
    metadata: { name: 'c' },
    spec: {
      schedule,
      suspend: true,
      jobTemplate: { spec: { template: { spec: { ...POD, restartPolicy: 'OnFailure' } } } },
    },
  })
  await api.refused(422, 'Invalid', 'POST', path, cron('every day'))
  const { spec } = await api.create(path, cron('* */1 * * ?'))
  assert.deepEqual(
    [spec.concurrencyPolicy, spec.successfulJobsHistoryLimit, spec.failedJobsHistoryLimit],
    ['Allow', 3, 1],
  )
  const { status } = await api.edit(`${path}/c/status`, (object) => {
    object.status = { lastScheduleTime: '2026-01-02T00:00:00Z' }
    object.spec.schedule = '0 0 * * *'
  })
  assert.equal(status.lastScheduleTime, '2026-01-02T00:00:00Z')
  assert.equal((await api.get(`${path}/c`)).spec.schedule, '* */1 * * ?')
})

test('disruption budgets are listed in all namespaces, and deleted in one', async () => {
  const label = unique('set')
  const paths = await Promise.all(
    [0, 1].map(async () => `/apis/policy/v1/namespaces/${await api.namespace()}/poddisruptionbudgets`),
  )
  for (const path of paths) {
    await api.create(path, {
      metadata: { name: 'b', labels: { set: label } },
      spec: { minAvailable: 1, selector },
    })
  }
  const all = { labelSelector: `set=${label}` }
  assert.equal((await api.get('/apis/policy/v1/poddisruptionbudgets', all)).items.length, 2)
  await api.delete(paths[0]!, undefined, all)
  assert.equal((await api.get('/apis/policy/v1/poddisruptionbudgets', all)).items.length, 1)
})

test('an eviction is refused until the budget allows it, and counted in the budget', async () => {
  const namespace = await api.namespace()
  const pods = `/api/v1/namespaces/${namespace}/pods`
  const budgets = `/apis/policy/v1/namespaces/${namespace}/poddisruptionbudgets`
  const evict = (name: string) =>
    api.send('POST', `${pods}/${name}/eviction`, {
      apiVersion: 'policy/v1',
      kind: 'Eviction',
      metadata: { name },
    })
  for (const name of ['one', 'two']) {
    await api.create(pods, {
      metadata: { name, labels: { app: 'a' } },
      spec: { ...POD, nodeName: 'nowhere' },
    })
    await api.patch(`${pods}/${name}/status`, {
      status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] },
    })
  }
  // The status is what a controller would find, so that one does no harm.
  const found = async (disruptionsAllowed: number, desiredHealthy: number) => {
    const { generation } = (await api.get(`${budgets}/b`)).metadata
    const status = {
      observedGeneration: generation,
      disruptionsAllowed,
      currentHealthy: 2,
      desiredHealthy,
      expectedPods: 2,
    }
    await api.patch(`${budgets}/b/status`, { status })
  }
  await api.create(budgets, { metadata: { name: 'b' }, spec: { minAvailable: 2, selector } })
  await found(0, 2)
  const refused = await evict('one')
  assert.equal(refused.status, 429, refused.text)
  assert.match(refused.body.message, /Cannot evict pod as it would violate the pod's disruption budget/)
  assert.equal(refused.body.details.causes[0].reason, 'DisruptionBudget')
  await api.patch(`${budgets}/b`, { spec: { minAvailable: 1 } })
  await found(1, 1)
  const evicted = await evict('one')
  assert.equal(evicted.status, 201, evicted.text)
  assert.ok((await api.get(`${pods}/one`)).metadata.deletionTimestamp)
  assert.equal((await api.get(`${budgets}/b`)).status.disruptionsAllowed, 0)
  assert.equal((await evict('two')).status, 429)
  await api.delete(`${budgets}/b`)
  assert.equal((await evict('two')).status, 201)
})
