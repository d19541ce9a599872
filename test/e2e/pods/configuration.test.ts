// What pods are told and given, on a whole cloud: what is missing and comes, what changes while containers run and
// while no agent does, and pods that would rather have something of the node's.

import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import { silentLogger } from '@brume/base/log'
import { CONFIG_MAPS, EVENTS, NODES, PODS, RUNTIME_CLASSES, SECRETS } from '@brume/client/builtin'
import type { ResourceRef } from '@brume/client/resource-ref'
import { mountsBelow } from '@brume/machine/mounts'
import type { NodeAgent } from '@brume/node/agent/agent'
import { startLocalNode } from '@brume/server/local-node'
import { BUSYBOX_IMAGE, whyNoBusybox } from '@brume/testkit/busybox-image'
import { startTestCloud, type TestCloud } from '@brume/testkit/cloud'
import { whyNoContainers } from '@brume/testkit/containerd'
import { eventually } from '@brume/testkit/eventually'

const skip = whyNoContainers() ?? whyNoBusybox() ?? false
const namespace = 'default'

describe('what pods are told and given', { skip, timeout: 150_000 }, () => {
  let cloud: TestCloud
  let again: NodeAgent | undefined
  before(async () => {
    cloud = await startTestCloud()
  })
  after(async () => {
    await again?.close()
    await cloud?.stop()
  })

  const of = (ref: ResourceRef) => cloud.plane.client.resource(ref)
  const create = (ref: ResourceRef, kind: string, name: string, fields: object) =>
    of(ref).create({ apiVersion: 'v1', kind, metadata: { name, namespace }, ...fields } as KubeObject)
  const setData = (name: string, data: object) =>
    of(CONFIG_MAPS).patch({ namespace, name }, { type: 'merge', body: { data } })
  const container = (script: string, more: object = {}) => ({
    name: 'app',
    image: BUSYBOX_IMAGE,
    imagePullPolicy: 'Never',
    command: ['sh', '-c', script],
    ...more,
  })
  const run = (name: string, containers: object[], spec: object = {}) =>
    create(PODS, 'Pod', name, {
      spec: { containers, automountServiceAccountToken: false, terminationGracePeriodSeconds: 0, ...spec },
    })
  const pod = (name: string) => of(PODS).get({ namespace, name })
  const statusOf = async (name: string) => (await pod(name))['status']?.containerStatuses?.[0]
  const running = (name: string) =>
    eventually(`${name} runs`, async () => (await statusOf(name))?.state.running && pod(name))
  const waitingFor = (name: string, reason: string) =>
    eventually(`${name} waits: ${reason}`, async () => {
      const waiting = (await statusOf(name))?.state.waiting
      return waiting?.reason === reason ? (waiting.message as string) : undefined
    })
  const eventOf = (name: string, reason: string) =>
    eventually(`the event ${reason} of ${name}`, async () => {
      const { items } = await of(EVENTS).list({ namespace, fieldSelector: `involvedObject.name=${name}` })
      return items.find((event) => event['reason'] === reason)?.['message'] as string | undefined
    })
  /** What the container has written until now. */
  function logOf({ metadata }: KubeObject, name = 'app'): string {
    const dir = join(
      cloud.plane.dir.root,
      'node',
      'logs',
      `${namespace}_${metadata.name}_${metadata.uid}`,
      name,
    )
    return existsSync(dir)
      ? readdirSync(dir)
          .map((file) => readFileSync(join(dir, file), 'utf8'))
          .join('')
      : ''
  }
  const says = (of: KubeObject, words: string, name?: string) =>
    eventually(`${of.metadata.name} says ${words}`, () => logOf(of, name).includes(`F ${words}\n`))

  it('a pod waits with a sentence for what it is to be given, and begins when that comes', async () => {
    const ref = { name: 'later', key: 'k' }
    await run('waits', [
      container('echo $X; sleep 600', { env: [{ name: 'X', valueFrom: { secretKeyRef: ref } }] }),
    ])
    const volumeMounts = [{ name: 'v', mountPath: '/v' }]
    await run('waits-too', [container('cat /v/k; sleep 600', { volumeMounts })], {
      volumes: [{ name: 'v', configMap: { name: 'later' } }],
    })
    assert.equal(await waitingFor('waits', 'CreateContainerConfigError'), 'secret "later" not found')
    assert.equal(
      await eventOf('waits-too', 'FailedMount'),
      'MountVolume.SetUp failed for volume "v" : configmap "later" not found',
    )
    await create(SECRETS, 'Secret', 'later', { stringData: { other: 'x' } })
    const wanted = "couldn't find key k in Secret default/later"
    await eventually(
      'the missing key is named',
      async () => (await waitingFor('waits', 'CreateContainerConfigError')) === wanted,
    )
    await of(SECRETS).patch(
      { namespace, name: 'later' },
      { type: 'merge', body: { stringData: { k: 'come' } } },
    )
    await create(CONFIG_MAPS, 'ConfigMap', 'later', { data: { k: 'come too\n' } })
    await says(await running('waits'), 'come')
    await says(await running('waits-too'), 'come too')
  })

  it('files follow their object in a container that runs on, also when the agent was away', async () => {
    await create(CONFIG_MAPS, 'ConfigMap', 'color', { data: { color: 'blue\n' } })
    const script =
      'while :; do now=$(cat /c/color); [ "$now" = "$was" ] || echo $now; was=$now; sleep 0.1; done'
    await run('follows', [container(script, { volumeMounts: [{ name: 'c', mountPath: '/c' }] })], {
      volumes: [{ name: 'c', configMap: { name: 'color' } }],
    })
    const before = await running('follows')
    await says(before, 'blue')
    await setData('color', { color: 'red\n' })
    await says(before, 'red')
    await cloud.node.close()
    await setData('color', { color: 'green\n' })
    again = await startLocalNode({
      plane: cloud.plane.plane,
      dir: cloud.plane.dir,
      logger: silentLogger,
      onRefused: () => {},
    })
    await says(before, 'green')
    const now = await statusOf('follows')
    assert.deepEqual(
      [now.containerID, now.restartCount],
      [before['status'].containerStatuses[0].containerID, 0],
    )
  })

  it('a link that one container makes does not lead another out of their volume', async () => {
    const scratch = { name: 'scratch', mountPath: '/scratch' }
    const evil = container('ln -s / /scratch/out; echo made; sleep 600', {
      name: 'evil',
      volumeMounts: [scratch],
    })
    const init = {
      ...evil,
      name: 'prepare',
      command: ['sh', '-c', 'ln -s / /scratch/out && ln -s ../../../../etc /scratch/up'],
    }
    const into = (name: string, subPath: string) =>
      container('ls /got; sleep 600', {
        name,
        volumeMounts: [{ name: 'scratch', mountPath: '/got', subPath }],
      })
    await run('escapes', [into('app', 'out/etc'), into('other', 'up')], {
      initContainers: [init],
      volumes: [{ name: 'scratch', emptyDir: {} }],
    })
    const refused = ['app', 'other'].map(
      (name) => `failed to prepare subPath for volumeMount "scratch" of container "${name}"`,
    )
    await eventually('both containers are refused', async () => {
      const statuses = (await pod('escapes'))['status']?.containerStatuses ?? []
      const said = statuses.map(({ state }: KubeObject) => state.waiting?.message)
      return JSON.stringify(said) === JSON.stringify(refused)
    })
  })

  it('a pod is run as its RuntimeClass says, or waits with a sentence that says what its node has', async () => {
    const runtimeClass = (name: string, handler: string, more: object = {}) =>
      of(RUNTIME_CLASSES).create({
        apiVersion: 'node.k8s.io/v1',
        kind: 'RuntimeClass',
        metadata: { name },
        handler,
        ...more,
      } as KubeObject)
    const overhead = { podFixed: { cpu: '50m', memory: '16Mi' } }
    await runtimeClass('heavy', 'runc', { overhead })
    await runtimeClass('foreign', 'not-there')
    await run('heavy', [container('sleep 1000')], { runtimeClassName: 'heavy' })
    await run('foreign', [container('sleep 1000')], { runtimeClassName: 'foreign' })
    assert.deepEqual((await running('heavy')).spec!['overhead'], overhead.podFixed)
    const message = await eventOf('foreign', 'FailedCreatePodSandBox')
    assert.match(
      message,
      /RuntimeClass foreign wants the handler not-there, which node \S+ does not have; it has runc/,
    )
  })

  it('a volume of a kind that the node does not know is named', async () => {
    await run('nfs', [container('true')], { volumes: [{ name: 'v', nfs: { server: 'nas', path: '/' } }] })
    assert.match(
      await eventOf('nfs', 'FailedMount'),
      /volumes of the kind nfs cannot be mounted on this node$/,
    )
  })

  it('a pod that the node must not take is refused with a sentence, once and for all', async () => {
    const nodeName = (await of(NODES).list()).items[0]!.metadata.name
    const sysctls = [{ name: 'kernel.panic', value: '1' }]
    await run('panics', [container('true')], { nodeName, securityContext: { sysctls } })
    await run('elsewhere', [container('true')], { nodeName, nodeSelector: { disk: 'gold' } })
    const refused: [string, string, string][] = [
      ['panics', 'SysctlForbidden', 'forbidden sysctl: "kernel.panic" not allowlisted'],
      [
        'elsewhere',
        'NodeAffinity',
        "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector",
      ],
    ]
    for (const [name, reason, message] of refused) {
      assert.equal(await eventOf(name, reason), message)
      const status = await eventually(`${name} has failed`, async () => {
        const { status } = await pod(name)
        return status.phase === 'Failed' && status
      })
      assert.deepEqual([status.reason, status.message], [reason, `Pod was rejected: ${message}`])
    }
  })

  it('pods that go leave nothing on the node', async () => {
    for (const { metadata } of (await of(PODS).list({ namespace })).items) {
      await of(PODS).delete({ namespace, name: metadata.name! })
    }
    await eventually('all pods are gone', async () => (await of(PODS).list({ namespace })).items.length === 0)
    const node = join(cloud.plane.dir.root, 'node')
    await eventually('their directories are gone', () =>
      ['pods', 'memory', 'logs'].every((name) => {
        const dir = join(node, name)
        return !existsSync(dir) || readdirSync(dir).length === 0
      }),
    )
    assert.deepEqual(mountsBelow(join(node, 'pods')), [])
    assert.equal(statSync('/etc/passwd').isFile(), true)
  })
})
