// The Kubernetes project's client for JavaScript: watches and informers, also over a restart of the server.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startTestControlPlane, type TestControlPlane } from '@brume/testkit/control-plane'
import { eventually } from '@brume/testkit/eventually'
import * as k8s from '@kubernetes/client-node'

const PATH = '/api/v1/namespaces/default/configmaps'
const namespace = 'default'

let plane: TestControlPlane
let config: k8s.KubeConfig
let core: k8s.CoreV1Api
before(async () => {
  plane = await startTestControlPlane()
  config = new k8s.KubeConfig()
  config.loadFromFile(plane.kubeconfig)
  core = config.makeApiClient(k8s.CoreV1Api)
})
after(() => plane.stop())

const create = (name: string, labels: Record<string, string> = {}) =>
  core.createNamespacedConfigMap({ namespace, body: { metadata: { name, labels } } })
const remove = (name: string) => core.deleteNamespacedConfigMap({ name, namespace })
const annotate = (name: string, value: string) =>
  core.patchNamespacedConfigMap(
    { name, namespace, body: { metadata: { annotations: { value } } } },
    k8s.setHeaderOptions('Content-Type', k8s.PatchStrategy.MergePatch),
  )

interface Seen {
  events: { type: string; name: string; version: string }[]
  ended: { error: unknown } | undefined
  abort(): void
}

async function watch(query: Record<string, string | number | boolean>): Promise<Seen> {
  const seen: Seen = { events: [], ended: undefined, abort: () => controller.abort() }
  const controller = await new k8s.Watch(config).watch(
    PATH,
    query,
    (type, { metadata }) =>
      seen.events.push({ type, name: metadata?.name, version: metadata?.resourceVersion }),
    (error) => {
      seen.ended = { error }
    },
  )
  return seen
}

test('a watch tells of each change, resumes where it left off, and ends when it is aborted', async () => {
  const first = await watch({ labelSelector: 'watched' })
  await create('a', { watched: 'yes' })
  await annotate('a', '1')
  await create('unwatched')
  await remove('a')
  await eventually('three events', () => first.events.length === 3)
  assert.deepEqual(
    first.events.map(({ type, name }) => `${type} ${name}`),
    ['ADDED a', 'MODIFIED a', 'DELETED a'],
  )
  first.abort()
  await eventually('its end', () => first.ended !== undefined)
  const second = await watch({ labelSelector: 'watched', resourceVersion: first.events[0]!.version })
  await eventually('what came after', () => second.events.length === 2)
  assert.deepEqual(second.events, first.events.slice(1))
  second.abort()
})

test('a watch ends by itself after its timeout, without an error', async () => {
  const seen = await watch({ timeoutSeconds: 1, fieldSelector: 'metadata.name=none' })
  await eventually('its end', () => seen.ended !== undefined)
  assert.equal(seen.ended?.error, null)
})

test('a watch that is refused says with which status', async () => {
  const seen = await watch({ labelSelector: 'a in (' })
  await eventually('its end', () => seen.ended !== undefined)
  assert.equal((seen.ended!.error as { statusCode?: number }).statusCode, 400)
})

test('an informer follows, and goes on after the server was restarted', async () => {
  const list = () => core.listNamespacedConfigMap({ namespace, labelSelector: 'informed' })
  const informer = k8s.makeInformer<k8s.V1ConfigMap>(config, PATH, list, 'informed')
  const told: string[] = []
  for (const verb of ['add', 'update', 'delete'] as const) {
    informer.on(verb, (object) => told.push(`${verb} ${object.metadata!.name}`))
  }
  let running = true
  // As its documentation says: an error stops an informer, and the program starts it again.
  informer.on('error', () => running && void informer.start())
  await create('i-1', { informed: 'yes' })
  await informer.start()
  await create('i-2', { informed: 'yes' })
  await annotate('i-1', '1')
  await eventually('the changes', () => told.length === 3)
  assert.deepEqual(told, ['add i-1', 'add i-2', 'update i-1'])
  await plane.restart()
  await eventually('the server is back', () => core.readNamespace({ name: namespace }))
  await remove('i-1')
  await create('i-3', { informed: 'yes' })
  await annotate('i-2', '2')
  await eventually(
    'what happened since',
    () => told.includes('update i-2') && told.includes('delete i-1') && told.includes('add i-3'),
  )
  assert.deepEqual(
    informer
      .list(namespace)
      .map((object) => object.metadata!.name)
      .sort(),
    ['i-2', 'i-3'],
  )
  assert.equal(new Set(told).size, told.length, 'nothing is told twice')
  running = false
  await informer.stop()
})
