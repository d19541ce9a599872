// The Kubernetes project's own client for JavaScript: every kind of call.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startTestControlPlane, type TestControlPlane } from '@brume/testkit/control-plane'
import { eventually } from '@brume/testkit/eventually'
import * as k8s from '@kubernetes/client-node'

let plane: TestControlPlane
let config: k8s.KubeConfig
let core: k8s.CoreV1Api
const namespace = 'javascript'

before(async () => {
  plane = await startTestControlPlane()
  config = new k8s.KubeConfig()
  config.loadFromFile(plane.kubeconfig)
  core = config.makeApiClient(k8s.CoreV1Api)
  await core.createNamespace({ body: { metadata: { name: namespace } } })
  await eventually('the default service account', () =>
    core.readNamespacedServiceAccount({ name: 'default', namespace }),
  )
})
after(() => plane.stop())

const configMap = (name: string, data: Record<string, string> = {}, labels: Record<string, string> = {}) => ({
  namespace,
  body: { metadata: { name, labels }, data },
})

/** The Status in the body of the ApiException that `call` rejects with. */
async function statusOf(call: Promise<unknown>): Promise<k8s.V1Status & { httpCode: number }> {
  const error = await call.then(
    () => assert.fail('it was not refused'),
    (thrown: unknown) => thrown,
  )
  assert.ok(error instanceof k8s.ApiException, String(error))
  const body = typeof error.body === 'string' ? JSON.parse(error.body) : error.body
  assert.equal(body.kind, 'Status')
  return { ...body, httpCode: error.code }
}

const as = (strategy: k8s.PatchStrategy) => k8s.setHeaderOptions('Content-Type', strategy)

test('objects are created, read, replaced, listed and deleted', async () => {
  const made = await core.createNamespacedConfigMap(configMap('one', { a: 'ä<&>' }))
  assert.ok(made.metadata?.creationTimestamp instanceof Date)
  const read = await core.readNamespacedConfigMap({ name: 'one', namespace })
  assert.deepEqual(read, made)
  read.data = { a: 'b' }
  const replaced = await core.replaceNamespacedConfigMap({ name: 'one', namespace, body: read })
  assert.notEqual(replaced.metadata?.resourceVersion, made.metadata?.resourceVersion)
  const stale = await statusOf(core.replaceNamespacedConfigMap({ name: 'one', namespace, body: made }))
  assert.deepEqual([stale.httpCode, stale.reason], [409, 'Conflict'])
  const list = await core.listNamespacedConfigMap({ namespace, fieldSelector: 'metadata.name=one' })
  assert.equal(list.kind, 'ConfigMapList')
  assert.equal(list.items.length, 1)
  assert.equal(list.items[0]?.kind, undefined, 'only the list says the kind')
  const gone = await core.deleteNamespacedConfigMap({ name: 'one', namespace })
  assert.equal(gone.status, 'Success')
  const missing = await statusOf(core.readNamespacedConfigMap({ name: 'one', namespace }))
  assert.equal(missing.reason, 'NotFound')
  assert.equal(missing.message, 'configmaps "one" not found')
  assert.deepEqual([missing.details?.name, missing.details?.kind, missing.code], ['one', 'configmaps', 404])
})

test('a list comes in pages, and a collection is deleted by label', async () => {
  for (let i = 0; i < 7; i++) {
    await core.createNamespacedConfigMap(configMap(`page-${i}`, {}, { set: 'pages' }))
  }
  const names: string[] = []
  let token: string | undefined
  do {
    const page = await core.listNamespacedConfigMap({
      namespace,
      labelSelector: 'set=pages',
      limit: 3,
      ...(token === undefined ? {} : { _continue: token }),
    })
    names.push(...page.items.map((item) => item.metadata!.name!))
    token = page.metadata?._continue
  } while (token !== undefined && token !== '')
  assert.deepEqual(
    names,
    Array.from({ length: 7 }, (_, i) => `page-${i}`),
  )
  await core.deleteCollectionNamespacedConfigMap({ namespace, labelSelector: 'set=pages' })
  assert.equal(
    (await core.listNamespacedConfigMap({ namespace, labelSelector: 'set=pages' })).items.length,
    0,
  )
})

test('every type of patch works', async () => {
  const apps = config.makeApiClient(k8s.AppsV1Api)
  const labels = { app: 'web' }
  const container = { name: 'main', image: 'registry.test/app:1', env: [{ name: 'A', value: '1' }] }
  const made = await apps.createNamespacedDeployment({
    namespace,
    body: {
      metadata: { name: 'web' },
      spec: {
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [container] } },
      },
    },
  })
  assert.equal(made.spec?.replicas, 1)
  const patch = (strategy: k8s.PatchStrategy, body: unknown) =>
    apps.patchNamespacedDeployment(
      {
        name: 'web',
        namespace,
        body,
        fieldManager: 'js',
        ...(strategy === k8s.PatchStrategy.ServerSideApply ? { force: true } : {}),
      },
      as(strategy),
    )
  const json = await patch(k8s.PatchStrategy.JsonPatch, [{ op: 'replace', path: '/spec/replicas', value: 0 }])
  assert.equal(json.spec?.replicas, 0)
  const merge = await patch(k8s.PatchStrategy.MergePatch, { metadata: { annotations: { x: 'y' } } })
  assert.equal(merge.metadata?.annotations?.['x'], 'y')
  const strategic = await patch(k8s.PatchStrategy.StrategicMergePatch, {
    spec: { template: { spec: { containers: [{ name: 'main', env: [{ name: 'B', value: '2' }] }] } } },
  })
  const env = strategic.spec?.template.spec?.containers[0]?.env?.map(({ name }) => name)
  assert.deepEqual(env?.sort(), ['A', 'B'])
  const applied = await patch(k8s.PatchStrategy.ServerSideApply, {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web' },
    spec: { paused: true },
  })
  assert.equal(applied.spec?.paused, true)
  const scale = await apps.readNamespacedDeploymentScale({ name: 'web', namespace })
  assert.equal(scale.status?.selector, 'app=web')
  const after = await apps.replaceNamespacedDeploymentScale({
    name: 'web',
    namespace,
    body: { metadata: { name: 'web', namespace }, spec: { replicas: 2 } },
  })
  assert.equal(after.spec?.replicas, 2)
  await apps.deleteNamespacedDeployment({ name: 'web', namespace, propagationPolicy: 'Background' })
})

test('the apis of batch, discovery and the version answer', async () => {
  const batch = config.makeApiClient(k8s.BatchV1Api)
  const template = {
    spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'registry.test/app:1' }] },
  }
  const job = await batch.createNamespacedJob({
    namespace,
    body: { metadata: { name: 'sums' }, spec: { suspend: true, template } },
  })
  assert.equal(job.spec?.template.metadata?.labels?.['batch.kubernetes.io/job-name'], 'sums')
  await batch.deleteNamespacedJob({ name: 'sums', namespace, propagationPolicy: 'Background' })
  const version = await config.makeApiClient(k8s.VersionApi).getCode()
  assert.match(version.gitVersion, /^v1\.32\./)
  const groups = await config.makeApiClient(k8s.ApisApi).getAPIVersions()
  assert.ok(groups.groups.some(({ name }) => name === 'rbac.authorization.k8s.io'))
  const resources = await core.getAPIResources()
  assert.ok(resources.resources.some(({ name }) => name === 'pods/log' || name === 'pods'))
})

test('custom resources: defined, created, watched over their status and scale', async () => {
  const extensions = config.makeApiClient(k8s.ApiextensionsV1Api)
  const objects = config.makeApiClient(k8s.CustomObjectsApi)
  const number = { type: 'integer' }
  const names = { plural: 'ponds', singular: 'pond', kind: 'Pond' }
  const part = { type: 'object', properties: { fish: number } }
  await extensions.createCustomResourceDefinition({
    body: {
      metadata: { name: 'ponds.js.brume.dev' },
      spec: {
        group: 'js.brume.dev',
        scope: 'Namespaced',
        names,
        versions: [
          {
            name: 'v1',
            served: true,
            storage: true,
            subresources: {
              status: {},
              scale: { specReplicasPath: '.spec.fish', statusReplicasPath: '.status.fish' },
            },
            schema: { openAPIV3Schema: { type: 'object', properties: { spec: part, status: part } } },
          },
        ],
      },
    },
  })
  await eventually('the definition is established', async () => {
    const found = await extensions.readCustomResourceDefinition({ name: 'ponds.js.brume.dev' })
    return found.status?.conditions?.some(({ type, status }) => type === 'Established' && status === 'True')
  })
  const at = { group: 'js.brume.dev', version: 'v1', namespace, plural: 'ponds' }
  const body = { apiVersion: 'js.brume.dev/v1', kind: 'Pond', metadata: { name: 'koi' }, spec: { fish: 3 } }
  await objects.createNamespacedCustomObject({ ...at, body })
  const status = await objects.patchNamespacedCustomObjectStatus(
    { ...at, name: 'koi', body: { spec: { fish: 9 }, status: { fish: 2 } } },
    as(k8s.PatchStrategy.MergePatch),
  )
  assert.deepEqual([status.spec, status.status], [{ fish: 3 }, { fish: 2 }])
  const scale = await objects.getNamespacedCustomObjectScale({ ...at, name: 'koi' })
  assert.deepEqual([scale.kind, scale.spec.replicas, scale.status.replicas], ['Scale', 3, 2])
  const list = await objects.listNamespacedCustomObject(at)
  assert.deepEqual([list.kind, list.items[0].kind], ['PondList', 'Pond'])
  const invalid = await statusOf(
    objects.createNamespacedCustomObject({
      ...at,
      body: { ...body, metadata: { name: 'bad' }, spec: { fish: 'many' } },
    }),
  )
  assert.equal(invalid.reason, 'Invalid')
  assert.equal(invalid.details?.causes?.[0]?.field, 'spec.fish')
  await objects.deleteNamespacedCustomObject({ ...at, name: 'koi' })
  await extensions.deleteCustomResourceDefinition({ name: 'ponds.js.brume.dev' })
})

test('KubernetesObjectApi finds any kind: applies it, tries it, lists it', async () => {
  const any = k8s.KubernetesObjectApi.makeApiClient(config)
  const spec = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'any', namespace }, data: { a: '1' } }
  const tried: k8s.KubernetesObject = await any.create(spec, undefined, 'All')
  assert.ok(tried.metadata?.uid)
  assert.equal((await statusOf(any.read(spec))).reason, 'NotFound')
  const apply = (data: object, manager: string, force: boolean) =>
    any.patch({ ...spec, data }, undefined, undefined, manager, force, k8s.PatchStrategy.ServerSideApply)
  await apply({ a: '1' }, 'one', false)
  const conflict = await statusOf(apply({ a: '2' }, 'two', false))
  assert.equal(conflict.reason, 'Conflict')
  assert.equal(conflict.details?.causes?.[0]?.field, '.data.a')
  const forced = await apply({ a: '2' }, 'two', true)
  assert.deepEqual((forced as k8s.V1ConfigMap).data, { a: '2' })
  const list = await any.list('v1', 'ConfigMap', namespace)
  assert.ok(list.items.some((item) => item.metadata?.name === 'any'))
  const role = {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: 'js' },
    rules: [],
  }
  await any.create(role)
  await any.delete(role)
  await any.delete(spec)
})

test('a service account comes in with its token, as far as its roles allow', async () => {
  const token = await core.createNamespacedServiceAccountToken({
    name: 'default',
    namespace,
    body: { spec: { audiences: [], expirationSeconds: 900 } },
  })
  const account = new k8s.KubeConfig()
  account.loadFromClusterAndUser(config.getCurrentCluster()!, { name: 'account', token: token.status!.token })
  const mine = account.makeApiClient(k8s.CoreV1Api)
  const forbidden = await statusOf(mine.listNamespacedSecret({ namespace }))
  assert.deepEqual([forbidden.httpCode, forbidden.reason], [403, 'Forbidden'])
  assert.match(
    forbidden.message!,
    /User "system:serviceaccount:javascript:default" cannot list resource "secrets"/,
  )
  const rbac = config.makeApiClient(k8s.RbacAuthorizationV1Api)
  await rbac.createNamespacedRoleBinding({
    namespace,
    body: {
      metadata: { name: 'edit' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'edit' },
      subjects: [{ kind: 'ServiceAccount', name: 'default', namespace }],
    },
  })
  await mine.listNamespacedSecret({ namespace })
  const stranger = new k8s.KubeConfig()
  stranger.loadFromClusterAndUser(config.getCurrentCluster()!, { name: 'stranger', token: 'none' })
  const isRefused = (error: unknown) => error instanceof k8s.ApiException && error.code === 401
  await assert.rejects(stranger.makeApiClient(k8s.CoreV1Api).listNode(), isRefused)
})

test('what cannot be answered without a node says so', async () => {
  const metrics = new k8s.Metrics(config)
  assert.deepEqual((await metrics.getNodeMetrics()).items, [])
  const containers = [{ name: 'main', image: 'registry.test/app:1' }]
  await core.createNamespacedPod({ namespace, body: { metadata: { name: 'nowhere' }, spec: { containers } } })
  // As Kubernetes has it: what has not begun has said nothing.
  assert.equal(await core.readNamespacedPodLog({ name: 'nowhere', namespace }), '')
  await assert.rejects(
    new k8s.Exec(config).exec(namespace, 'nowhere', 'main', ['true'], null, null, null, false),
  )
  await core.deleteNamespacedPod({ name: 'nowhere', namespace, gracePeriodSeconds: 0 })
})
