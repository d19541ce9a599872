import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import { DEPLOYMENTS, JOBS, NODES, PERSISTENT_VOLUME_CLAIMS, PODS } from '@brume/client/builtin'
import type { Client } from '@brume/client/client'
import { startTestControlPlane, type TestControlPlane } from '@brume/testkit/control-plane'
import { eventually } from '@brume/testkit/eventually'
import { brume } from '../testing.ts'

const READY = { conditions: [{ type: 'Ready', status: 'True' }] }

describe('brume explain', { timeout: 90_000 }, () => {
  let plane: TestControlPlane
  let client: Client

  before(async () => {
    plane = await startTestControlPlane()
    client = plane.client
  })
  after(() => plane.stop())

  const explain = async (...words: string[]) => {
    const { code, out, err } = await brume(['explain', ...words], { KUBECONFIG: plane.kubeconfig })
    assert.equal(code, 0, err)
    return out
  }
  const addNode = async (name: string, labels: Record<string, string> = {}) => {
    const nodes = client.resource(NODES)
    await nodes.create({
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name, labels: { 'kubernetes.io/hostname': name, ...labels } },
      status: { ...READY, allocatable: { cpu: '2', memory: '4Gi', pods: '20' } },
    })
    await nodes.patch({ name }, { type: 'merge', body: { spec: { taints: null } } })
  }
  const addPod = (name: string, requests: object, spec: object = {}): Promise<KubeObject> =>
    client.resource(PODS).create({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: 'default' },
      spec: { containers: [{ name: 'main', image: 'example.org/app:1', resources: { requests } }], ...spec },
    })
  const bound = (name: string) =>
    eventually(`${name} to be bound`, async () => {
      const { spec } = await client.resource(PODS).get({ namespace: 'default', name })
      return spec.nodeName as string | undefined
    })

  it('says of a cloud without nodes what to do', async () => {
    await addPod('first', { cpu: '1' })
    assert.equal(
      await explain('pod/first'),
      'default/first has no node: no nodes available to schedule pods. To place it: let a node join with ./brume up.\n',
    )
  })

  it('says why a pod is where it is, as the scheduler decided it', async () => {
    await addNode('n1')
    await bound('first')
    assert.equal(await explain('pod', 'first'), 'default/first is on n1: the only node of 1 that fits.\n')
    const { status } = await client.resource(PODS).get({ namespace: 'default', name: 'first' })
    const scheduled = status.conditions.find(({ type }: { type: string }) => type === 'PodScheduled')
    assert.equal(scheduled.message, 'the only node of 1 that fits')
  })

  it('says why a pod is nowhere, and what would change it', async () => {
    await addPod('large', { cpu: '3' })
    assert.equal(
      await explain('po/large'),
      'default/large has no node: 0/1 nodes are available: 1 Insufficient cpu. To place it: ask for less cpu (asked for 3, at most 1 is free on a node), or add a node.\n',
    )
    await addPod('gated', {}, { schedulingGates: [{ name: 'example.org/wait' }] })
    assert.match(await explain('pod/gated'), /^default\/gated has no node: it waits for its scheduling gates/)
    await addPod('foreign', {}, { schedulerName: 'other' })
    assert.match(await explain('pod/foreign'), /waits for the scheduler other/)
  })

  it('says of a pod that named its node itself what would be so now', async () => {
    await addPod('pinned', {}, { nodeName: 'n1' })
    assert.equal(await explain('pod/pinned'), 'default/pinned is on n1: the only node of 1 that fits.\n')
    await addPod('squeezed', { cpu: '2' }, { nodeName: 'n1' })
    assert.match(
      await explain('pod/squeezed'),
      /is on n1: the pod names the node itself, or another scheduler chose it; 0\/1 nodes are available: 1 Insufficient cpu/,
    )
    await client.resource(PODS).delete({ namespace: 'default', name: 'squeezed' }, { gracePeriodSeconds: 0 })
  })

  it('says where the pods of a workload are, and what keeps the others', async () => {
    const containers = [
      { name: 'main', image: 'example.org/app:1', resources: { requests: { memory: '2Gi' } } },
    ]
    await client.resource(DEPLOYMENTS).create({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', namespace: 'default' },
      spec: {
        replicas: 3,
        selector: { matchLabels: { app: 'web' } },
        template: { metadata: { labels: { app: 'web' } }, spec: { containers } },
      },
    })
    await eventually('two of three to be placed', async () => {
      const { items } = await client.resource(PODS).list({ namespace: 'default', labelSelector: 'app=web' })
      return items.length === 3 && items.filter(({ spec }) => spec.nodeName).length === 2
    })
    assert.match(
      await explain('deploy/web'),
      /^deployment default\/web has 3 of 3 pods, 2 of them on n1 \(2\), and 1 without a node: default\/web-\S+ has no node: 0\/1 nodes are available: 1 Insufficient memory\./,
    )
  })

  it('counts the pods of a job that have ended', async () => {
    const labels = { app: 'done' }
    await client.resource(JOBS).create({
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'done', namespace: 'default' },
      spec: {
        suspend: true,
        manualSelector: true,
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'example.org/app:1' }] },
        },
      },
    })
    assert.equal(await explain('job/done'), 'job default/done has 0 pods.\n')
    await client.resource(PODS).create({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'done-1', namespace: 'default', labels },
      spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'example.org/app:1' }] },
    })
    const body = { status: { phase: 'Succeeded' } }
    const key = { namespace: 'default', name: 'done-1' }
    await client.resource(PODS).patch(key, { type: 'merge', body, subresource: 'status' })
    assert.equal(await explain('job/done'), 'job default/done has 0 pods, and 1 ended.\n')
  })

  it('says of a claim where its data is, or what it waits for', async () => {
    await client.resource(PERSISTENT_VOLUME_CLAIMS).create({
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'data', namespace: 'default' },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
    })
    await eventually('a word about the claim', async () =>
      /makes volumes where they are first used/.test(await explain('pvc/data')),
    )
    const body = { metadata: { annotations: { 'brume.dev/local-volumes': '/data' } } }
    await client.resource(NODES).patch({ name: 'n1' }, { type: 'merge', body })
    await addPod('user', {}, { volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }] })
    await bound('user')
    assert.match(
      await explain('pvc/data'),
      /^default\/data is bound to pvc-\S+ \(1Gi, on node n1, Delete when the claim goes\)\.\n$/,
    )
  })

  it('says of a node whether it takes pods, and how to open it', async () => {
    assert.match(
      await explain('node/n1'),
      /^n1 takes pods: \d+ of 20 pods, CPU 1 of 2 \(50%\) and memory 4Gi of 4Gi \(100%\) are promised\.\n$/,
    )
    const cordon = (unschedulable: boolean | null) =>
      client.resource(NODES).patch({ name: 'n1' }, { type: 'merge', body: { spec: { unschedulable } } })
    await cordon(true)
    assert.match(await explain('node/n1'), /it is cordoned; .* To open it: kubectl uncordon n1\.\n$/)
  })

  it('is one command with its own mistakes', async () => {
    const env = { KUBECONFIG: plane.kubeconfig }
    const json = JSON.parse((await brume(['explain', 'pod/first', '-o', 'json'], env)).out)
    assert.match(json.sentence, /^default\/first is on n1/)
    const field = await brume(['explain', 'pods'], env)
    assert.deepEqual([field.code, /Next: kubectl explain pods/.test(field.err)], [2, true])
    const kind = await brume(['explain', 'secret/x'], env)
    assert.deepEqual([kind.code, /nothing to explain about the kind "secret"/.test(kind.err)], [2, true])
    const absent = await brume(['explain', 'pod/absent', '-n', 'kube-system'], env)
    assert.deepEqual([absent.code, /pods "absent" not found/.test(absent.err)], [1, true])
  })
})
