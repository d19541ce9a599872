// A node looks after its pods and itself: probes, hooks, images that cannot be had, disks that are filled, files that are
// pods, figures, and a runtime or a Node object that somebody takes away.

import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import { silentLogger } from '@brume/base/log'
import { EVENTS, NODES, PODS } from '@brume/client/builtin'
import type { NodeAgent } from '@brume/node/agent/agent'
import { connectCri } from '@brume/node/cri/cri'
import { removeNetwork } from '@brume/node/network/remove'
import { findLaunched } from '@brume/node/runtime/launch'
import { runtimePaths } from '@brume/node/runtime/paths'
import { removeRuntime } from '@brume/node/runtime/remove'
import { startLocalNode } from '@brume/server/local-node'
import { BUSYBOX_IMAGE, whyNoBusybox } from '@brume/testkit/busybox-image'
import { startTestCloud, type TestCloud } from '@brume/testkit/cloud'
import { whyNoContainers } from '@brume/testkit/containerd'
import { eventually } from '@brume/testkit/eventually'
import { httpOf } from '@brume/testkit/http'

const skip = whyNoContainers() ?? whyNoBusybox() ?? false
const namespace = 'default'

describe('a node', { skip, timeout: 240_000 }, () => {
  let cloud: TestCloud

  before(async () => {
    cloud = await startTestCloud()
    // The slowest first: it is looked at while the others run.
    await create('filler', {
      command: ['sh', '-c', 'dd if=/dev/zero of=/data/x bs=1M count=8; sleep 3600'],
      volumeMounts: [{ name: 'data', mountPath: '/data' }],
      volumes: [{ name: 'data', emptyDir: { sizeLimit: '1Mi' } }],
    })
  })
  after(() => cloud?.stop())

  const pods = () => cloud.plane.client.resource<KubeObject>(PODS)
  const pod = (name: string) => pods().get({ namespace, name })
  const statusOf = async (name: string) => (await pod(name))['status'].containerStatuses?.[0] ?? {}

  function create(
    name: string,
    { volumes = [], ...container }: Record<string, unknown>,
  ): Promise<KubeObject> {
    const c = { name: 'c', image: BUSYBOX_IMAGE, command: ['sleep', '3600'], ...container }
    return pods().create({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { namespace, name },
      spec: { terminationGracePeriodSeconds: 1, containers: [c], volumes },
    })
  }
  async function said(name: string): Promise<string[]> {
    const fieldSelector = `involvedObject.name=${name}`
    const { items } = await cloud.plane.client.resource<KubeObject>(EVENTS).list({ fieldSelector })
    return items.map((event) => `${event['reason']}: ${event['message']}`)
  }

  it('takes a pod into service when its probes pass, and restarts it when it is dead', async () => {
    await create('web', {
      command: ['sh', '-c', 'mkdir /www; echo hi > /www/index.html; exec httpd -f -p 8080 -h /www'],
      startupProbe: { httpGet: { path: '/', port: 8080 } },
      readinessProbe: { httpGet: { path: '/', port: 'http' }, periodSeconds: 1, failureThreshold: 1 },
      livenessProbe: {
        exec: { command: ['test', '!', '-e', '/dead'] },
        periodSeconds: 1,
        failureThreshold: 1,
      },
      ports: [{ name: 'http', containerPort: 8080 }],
      lifecycle: { postStart: { exec: { command: ['touch', '/started'] } } },
    })
    await eventually('ready', async () => (await statusOf('web')).ready === true)
    const { stdout } = await execIn('web', ['sh', '-c', 'ls /started && touch /dead'])
    assert.equal(stdout, '/started\n')
    await eventually('a restart', async () => (await statusOf('web')).restartCount === 1)
    await eventually('ready again', async () => (await statusOf('web')).ready === true)
    const events = await said('web')
    assert.ok(
      events.includes('Killing: Container c failed liveness probe, will be restarted'),
      events.join('\n'),
    )
  })

  it('tells why a container cannot have its image, and what to do', async () => {
    await create('missing', { image: 'registry.brume.internal/library/nope:1', command: undefined })
    await create('wrong', { image: 'Nope' })
    const waiting = async (name: string) => (await statusOf(name)).state?.waiting ?? {}
    await eventually('a back-off', async () => (await waiting('missing')).reason === 'ImagePullBackOff')
    assert.match((await waiting('missing')).message, /ErrImagePull: .*not found.*brume image list/)
    await eventually('a refusal', async () => (await waiting('wrong')).reason === 'InvalidImageName')
    assert.match((await waiting('wrong')).message, /must be lowercase/)
  })

  it('says what a pod uses', async () => {
    await create('busy', { command: ['sh', '-c', 'while :; do :; done'] })
    const usage = await eventually('figures', async () => {
      const path = `/apis/metrics.k8s.io/v1beta1/namespaces/${namespace}/pods/busy`
      const { status, body } = await httpOf(cloud.plane).send('GET', path)
      return status === 200 ? body.containers[0]?.usage : undefined
    })
    assert.match(usage.cpu, /^[1-9]\d{6,}n$/)
    assert.match(usage.memory, /^[1-9]\d*Ki$/)
    await pods().delete({ namespace, name: 'busy' }, { gracePeriodSeconds: 0 })
  })

  it('runs the pod of a file, and ends it with the file', async () => {
    const file = join(cloud.plane.dir.root, 'node', 'manifests', 'agent.yaml')
    mkdirSync(join(file, '..'), { recursive: true })
    const container = { name: 'c', image: BUSYBOX_IMAGE, command: ['sleep', '3600'] }
    const spec = { terminationGracePeriodSeconds: 0, containers: [container] }
    writeFileSync(file, JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'agent' }, spec }))
    const name = `agent-${cloud.node.nodeName}`
    await eventually('the static pod', async () => (await statusOf(name)).ready === true)
    rmSync(file)
    await eventually('its end', () =>
      pod(name).then(
        () => false,
        (error) => error.reason === 'NotFound',
      ),
    )
  })

  it('goes on when its runtime is killed: no container restarts, and the node is ready', async () => {
    const { dir } = cloud.plane
    const before = (await statusOf('web')).restartCount
    const killed = findLaunched(runtimePaths(dir.root))!
    process.kill(killed.pid, 'SIGKILL')
    await eventually('another one', () => {
      const launched = findLaunched(runtimePaths(dir.root))
      return launched !== undefined && launched.pid !== killed.pid
    })
    await create('later', {})
    await eventually('a pod on it', async () => (await statusOf('later')).ready === true)
    assert.equal((await statusOf('web')).restartCount, before)
  })

  it('registers again when somebody deletes its Node', async () => {
    const nodes = cloud.plane.client.resource<KubeObject>(NODES)
    const name = cloud.node.nodeName
    const { uid } = (await nodes.get({ name })).metadata
    await nodes.delete({ name })
    await eventually('another Node that is ready', async () => {
      const { metadata, status } = await nodes.get({ name })
      const ready = status.conditions?.find(({ type }: { type: string }) => type === 'Ready')
      return metadata.uid !== uid && ready?.status === 'True'
    })
  })

  it('refuses a second agent with its name, which touches no pod', async () => {
    const { dir, plane } = cloud.plane
    const root = mkdtempSync(join(tmpdir(), 'brume-second-'))
    const refused = Promise.withResolvers<string>()
    const restarts = (await statusOf('web')).restartCount
    let second: NodeAgent | undefined
    try {
      second = await startLocalNode({
        plane,
        dir: { ...dir, root },
        nodeName: cloud.node.nodeName,
        logger: silentLogger,
        onRefused: refused.resolve,
      })
      assert.match(await refused.promise, /^node ".*" is served by another agent/)
      const cri = connectCri(runtimePaths(root).socket)
      assert.deepEqual(await cri.listPodSandboxes(), [])
      cri.close()
      assert.equal((await statusOf('web')).restartCount, restarts)
    } finally {
      await second?.close()
      await removeRuntime({ dataDir: root, images: true })
      await removeNetwork(root)
      rmSync(root, { recursive: true, force: true })
    }
  })

  it('evicts a pod that fills its volume beyond the limit', async () => {
    const evicted = await eventually('the eviction', async () => {
      const found = await pod('filler')
      return found['status'].phase === 'Failed' ? found : undefined
    })
    assert.equal(evicted['status'].reason, 'Evicted')
    assert.equal(evicted['status'].message, 'Usage of EmptyDir volume "data" exceeds the limit "1Mi". ')
  })

  async function execIn(name: string, command: string[]): Promise<{ stdout: string }> {
    const { containerID } = await statusOf(name)
    const cri = connectCri(runtimePaths(cloud.plane.dir.root).socket)
    try {
      const id = containerID.slice('containerd://'.length)
      return { stdout: (await cri.execSync(id, command, 10)).stdout.toString() }
    } finally {
      cri.close()
    }
  }
})
