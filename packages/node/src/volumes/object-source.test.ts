import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import { silentLogger } from '@brume/base/log'
import { CONFIG_MAPS, NODES, PODS, SECRETS } from '@brume/client/builtin'
import { Client } from '@brume/client/client'
import type { Transport, TransportRequest } from '@brume/client/transport'
import { startTestControlPlane, type TestControlPlane } from '@brume/testkit/control-plane'
import { eventually } from '@brume/testkit/eventually'
import { nodeTransport } from '@brume/testkit/node-user'
import type { Pod } from '../contract.ts'
import { keptClock } from '../testing/kept-clock.ts'
import { WatchedObjects } from './object-source.ts'
import { podReferences } from './references.ts'

const namespace = 'default'

const podOf = (name: string, spec: object): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace, uid: `uid-${name}` },
  spec: { nodeName: 'n1', containers: [{ name: 'app', image: 'i' }], ...spec },
})

test('finds every object that a pod refers to, once', () => {
  const container = (from: object) => ({ name: 'c', image: 'i', ...from })
  const pod = podOf('p', {
    imagePullSecrets: [{ name: 'pull' }],
    initContainers: [container({ envFrom: [{ configMapRef: { name: 'a' } }, { secretRef: { name: 'a' } }] })],
    containers: [
      container({ env: [{ name: 'X', valueFrom: { secretKeyRef: { name: 'b', key: 'k' } } }] }),
      container({ env: [{ name: 'X', valueFrom: { configMapKeyRef: { name: 'a', key: 'k' } } }] }),
    ],
    volumes: [
      { name: '1', configMap: { name: 'c' } },
      { name: '2', secret: { secretName: 'd' } },
      { name: '3', projected: { sources: [{ secret: { name: 'e' } }, { configMap: { name: 'f' } }] } },
      { name: '4', emptyDir: {} },
    ],
  })
  assert.deepEqual([...podReferences(pod).keys()].sort(), [
    'ConfigMap/default/a',
    'ConfigMap/default/c',
    'ConfigMap/default/f',
    'Secret/default/a',
    'Secret/default/b',
    'Secret/default/d',
    'Secret/default/e',
    'Secret/default/pull',
  ])
})

describe('objects of the pods of a node', { timeout: 60_000 }, () => {
  let plane: TestControlPlane
  let transport: Transport
  /** Watches that are open, by their path and selector. */
  const open = new Set<string>()
  let objects: WatchedObjects

  before(async () => {
    plane = await startTestControlPlane()
    await plane.client.resource(NODES).create({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' } })
    transport = await nodeTransport(plane, 'n1')
    const counted: Transport = {
      async request(request: TransportRequest) {
        const query = new URLSearchParams(request.query as URLSearchParams)
        if (query.get('watch') !== 'true') return transport.request(request)
        const key = `${request.path} ${query.get('fieldSelector')}`
        open.add(key)
        request.signal?.addEventListener('abort', () => open.delete(key))
        return transport.request(request)
      },
      close: () => transport.close(),
    }
    const client = new Client({ transport: counted })
    objects = new WatchedObjects({ client, clock: keptClock, logger: silentLogger })
  })

  after(async () => {
    await objects.stop()
    assert.equal(open.size, 0)
    transport.close()
    await plane.stop()
  })

  async function bind(name: string, spec: object): Promise<Pod> {
    const { metadata, ...rest } = podOf(name, { automountServiceAccountToken: false, ...spec })
    const made = await plane.client
      .resource(PODS)
      .create({ ...rest, metadata: { name, namespace } } as KubeObject)
    objects.register(made)
    return made
  }

  const withConfigMap = (name: string) => ({ volumes: [{ name: 'v', configMap: { name } }] })
  const configMaps = () => plane.client.resource(CONFIG_MAPS)
  const make = (name: string, fields: object = { data: { k: '1' } }) =>
    configMaps().create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, ...fields })

  const watched = (name: string) => open.has(`/api/v1/namespaces/default/configmaps metadata.name=${name}`)

  test('an object that comes later wakes the pods that wait for it, and only them', async () => {
    const waiting = await bind('waiting', withConfigMap('late'))
    await bind('other', withConfigMap('else'))
    const woken: string[] = []
    const stop = objects.onChange((uid) => woken.push(uid))
    assert.equal(await objects.get('ConfigMap', namespace, 'late'), undefined)
    assert.equal(await objects.get('ConfigMap', namespace, 'else'), undefined)
    await make('late')
    await eventually('the pod to be woken', () => woken.length > 0)
    assert.deepEqual(woken, [waiting.metadata.uid])
    assert.deepEqual((await objects.get('ConfigMap', namespace, 'late'))?.['data'], { k: '1' })
    stop()
  })

  test('a pod of an agent before this one hears of what has changed meanwhile', async () => {
    await make('meanwhile')
    const woken = new Set<string>()
    const stop = objects.onChange((uid) => woken.add(uid))
    const pod = await bind('adopted', withConfigMap('meanwhile'))
    await eventually('the pod to be woken', () => woken.has(pod.metadata.uid!))
    stop()
  })

  test('an object is watched as long as one pod refers to it', async () => {
    const [one, two] = [
      await bind('one', withConfigMap('shared')),
      await bind('two', withConfigMap('shared')),
    ]
    objects.register(one)
    await eventually('the watch', () => watched('shared'))
    objects.unregister(one.metadata.uid!)
    assert.equal(watched('shared'), true)
    objects.register({ ...two, spec: { ...two['spec'], volumes: [] } })
    await eventually('the end of the watch', () => !watched('shared'))
    objects.register(two)
    await eventually('the watch', () => watched('shared'))
    objects.register({ ...two, status: { phase: 'Succeeded' } })
    await eventually('the end of the watch', () => !watched('shared'))
  })

  test('more objects are watched at once than one connection has streams', async () => {
    const names = Array.from({ length: 300 }, (_, i) => `many-${i}`)
    const volumes = names.map((name) => ({ name, configMap: { name } }))
    const pod = await bind('many', { volumes })
    await eventually('the watches', () => names.every(watched))
    const seen = new Set<string>()
    const stop = objects.onChange((uid) => seen.add(uid))
    for (const name of [names[0]!, names[150]!, names[299]!]) {
      seen.clear()
      await make(name)
      await eventually(`${name} to be seen`, () => seen.has(pod.metadata.uid!))
    }
    stop()
    objects.unregister(pod.metadata.uid!)
    await eventually('the end of the watches', () => !names.some(watched))
  })

  test('what can never change is read, not watched', async () => {
    await make('fixed', { immutable: true, data: { k: '1' } })
    await bind('calm', withConfigMap('fixed'))
    assert.deepEqual((await objects.get('ConfigMap', namespace, 'fixed'))?.['data'], { k: '1' })
    await eventually('the end of the watch', () => !watched('fixed'))
    assert.deepEqual((await objects.get('ConfigMap', namespace, 'fixed'))?.['data'], { k: '1' })
  })

  test('a node is refused what no pod of its refers to', async () => {
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'foreign', namespace } }
    await plane.client.resource(SECRETS).create(secret)
    await assert.rejects(objects.get('Secret', namespace, 'foreign'), { reason: 'Forbidden' })
  })

  test('an object that goes and comes back is seen as both', async () => {
    await make('fleeting', { data: { k: 'old' } })
    await bind('watching', withConfigMap('fleeting'))
    const value = async () => (await objects.get('ConfigMap', namespace, 'fleeting'))?.['data'].k
    await eventually('the first', async () => (await value()) === 'old')
    await configMaps().delete({ namespace, name: 'fleeting' })
    await eventually('nothing', async () => (await value()) === undefined)
    await make('fleeting', { data: { k: 'new' } })
    await eventually('the second', async () => (await value()) === 'new')
  })
})
