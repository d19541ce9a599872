import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { KubeObject } from '@brume/api/object'
import { DEPLOYMENTS, EVENTS, REPLICA_SETS } from '@brume/client/builtin'
import { eventually } from '@brume/testkit/eventually'
import { withCluster } from '@brume/testkit/with-cluster'
import { hasKubectl, imagesOf, kubectl, podsOf, template, workload } from './workloads.ts'

const NS = 'rollouts'

describe('Deployments on a control plane', { timeout: 120_000 }, () => {
  const cluster = withCluster({ namespace: NS, nodes: ['node-1', 'node-2', 'node-3'] })

  const at = (name: string) => ({ namespace: NS, name })
  const deployments = () => cluster.client.resource(DEPLOYMENTS)
  const make = (name: string, spec: object) =>
    deployments().create(workload({ kind: 'Deployment', name, namespace: NS, spec: { ...spec } }))
  const change = (name: string, spec: object) =>
    deployments().patch(at(name), { type: 'merge', body: { spec } })
  const setVersion = (name: string, version: string) =>
    change(name, { template: template({ app: name }, version) })
  const conditionOf = (deployment: KubeObject, type: string) =>
    (deployment['status'].conditions ?? []).find((condition: { type: string }) => condition.type === type)
  const setsOf = async (name: string) =>
    (await cluster.client.resource(REPLICA_SETS).list({ namespace: NS, labelSelector: `app=${name}` })).items
  const complete = (name: string, count: number) =>
    eventually(`${name} has rolled out ${count} pods`, async () => {
      const deployment = await deployments().get(at(name))
      const { metadata, status } = deployment
      const counts = [status.replicas, status.updatedReplicas, status.availableReplicas].map((n) => n ?? 0)
      return (
        status.observedGeneration === metadata.generation && counts.every((n) => n === count) && deployment
      )
    })

  it('rolls out, scales, rolls over to a new template, and never falls below its availability', async () => {
    await make('web', { replicas: 4, strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 1 } } })
    const first = await complete('web', 4)
    assert.equal(conditionOf(first, 'Available').reason, 'MinimumReplicasAvailable')
    assert.equal(conditionOf(first, 'Progressing').reason, 'NewReplicaSetAvailable')
    assert.equal(first.metadata.annotations!['deployment.kubernetes.io/revision'], '1')
    let fewest = 4
    let most = 4
    const watching = setInterval(async () => {
      const pods = await podsOf(cluster.client, NS, 'web').catch(() => [])
      if (pods.length === 0) return
      fewest = Math.min(fewest, pods.filter(({ status }) => status.phase === 'Running').length)
      most = Math.max(most, pods.length)
    }, 5)
    await setVersion('web', '2')
    const second = await complete('web', 4)
    clearInterval(watching)
    assert.ok(fewest >= 3 && most <= 5, `between ${fewest} and ${most} pods`)
    assert.equal(second.metadata.annotations!['deployment.kubernetes.io/revision'], '2')
    assert.deepEqual(imagesOf(await podsOf(cluster.client, NS, 'web')), ['2', '2', '2', '2'])
    assert.equal((await setsOf('web')).length, 2)
    await change('web', { replicas: 7 })
    await complete('web', 7)
    const { items } = await cluster.client.resource(EVENTS).list({ namespace: NS })
    assert.ok(items.some(({ message }) => /^Scaled up replica set web-\w+ from 0 to 4$/.test(message)))
    assert.ok(items.some(({ message }) => /^Scaled up replica set web-\w+ from 4 to 7$/.test(message)))
  })

  it('answers kubectl rollout', { skip: !hasKubectl && 'kubectl 1.32 is not here' }, async () => {
    const run = (...args: string[]) => kubectl(cluster.plane.kubeconfig, '-n', NS, ...args)
    await run('create', 'deployment', 'tool', '--image=example.org/app:1', '--replicas=3')
    assert.match(
      await run('rollout', 'status', 'deployment/tool', '--timeout=30s'),
      /successfully rolled out/,
    )
    await run('set', 'image', 'deployment/tool', 'app=example.org/app:2')
    await run('rollout', 'status', 'deployment/tool', '--timeout=30s')
    const history = await run('rollout', 'history', 'deployment/tool')
    assert.match(history, /^1 .*\n2 /m)
    await run('rollout', 'undo', 'deployment/tool')
    await run('rollout', 'status', 'deployment/tool', '--timeout=30s')
    await eventually('the first version is back', async () => {
      return imagesOf(await podsOf(cluster.client, NS, 'tool')).join() === '1,1,1'
    })
    assert.match(await run('rollout', 'history', 'deployment/tool'), /^2 .*\n3 /m)
    await run('rollout', 'pause', 'deployment/tool')
    await run('set', 'image', 'deployment/tool', 'app=example.org/app:4')
    await eventually('the pause is told', async () => {
      const deployment = await deployments().get(at('tool'))
      const seen = deployment['status'].observedGeneration === deployment.metadata.generation
      return seen && conditionOf(deployment, 'Progressing').reason === 'DeploymentPaused'
    })
    assert.deepEqual(imagesOf(await podsOf(cluster.client, NS, 'tool')), ['1', '1', '1'])
    await run('scale', 'deployment/tool', '--replicas=2')
    await eventually(
      'a paused one scales',
      async () => (await podsOf(cluster.client, NS, 'tool')).length === 2,
    )
    await run('rollout', 'resume', 'deployment/tool')
    await run('rollout', 'status', 'deployment/tool', '--timeout=30s')
    assert.deepEqual(imagesOf(await podsOf(cluster.client, NS, 'tool')), ['4', '4'])
    await run('rollout', 'restart', 'deployment/tool')
    await run('rollout', 'status', 'deployment/tool', '--timeout=30s')
    assert.match(await run('get', 'deployment', 'tool'), /tool +2\/2 +2 +2 /)
  })

  it('recreates: no new pod before the last old one is gone', async () => {
    await make('again', { replicas: 2, strategy: { type: 'Recreate', rollingUpdate: null } })
    await complete('again', 2)
    const mixed: string[][] = []
    const watching = setInterval(async () => {
      const images = imagesOf(await podsOf(cluster.client, NS, 'again').catch(() => []))
      if (new Set(images).size > 1) mixed.push(images)
    }, 5)
    await setVersion('again', '2')
    await complete('again', 2)
    clearInterval(watching)
    assert.deepEqual(mixed, [])
    assert.deepEqual(imagesOf(await podsOf(cluster.client, NS, 'again')), ['2', '2'])
  })

  it('says when a rollout does not come along, and keeps what runs', async () => {
    await make('stuck', { replicas: 2, progressDeadlineSeconds: 2, minReadySeconds: 1 })
    await complete('stuck', 2)
    cluster.kubelet.hold = (pod) => imagesOf([pod])[0] === 'bad'
    await setVersion('stuck', 'bad')
    const late = await eventually('the deadline is over', async () => {
      const deployment = await deployments().get(at('stuck'))
      return conditionOf(deployment, 'Progressing').reason === 'ProgressDeadlineExceeded' && deployment
    })
    assert.match(
      conditionOf(late, 'Progressing').message,
      /^ReplicaSet "stuck-\w+" has timed out progressing\.$/,
    )
    assert.equal(conditionOf(late, 'Available').status, 'True')
    await setVersion('stuck', '1')
    await complete('stuck', 2)
  })

  it('keeps as many old ReplicaSets as its history limit, and goes with all it made', async () => {
    await make('short', { replicas: 1, revisionHistoryLimit: 1 })
    for (const version of ['2', '3', '4']) {
      await complete('short', 1)
      await setVersion('short', version)
    }
    await complete('short', 1)
    await eventually('two ReplicaSets are left', async () => (await setsOf('short')).length === 2)
    await deployments().delete(at('short'))
    await eventually('all is gone', async () => {
      return (await setsOf('short')).length === 0 && (await podsOf(cluster.client, NS, 'short')).length === 0
    })
  })
})
